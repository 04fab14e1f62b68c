from django.db import models
from django.db.models import Q

from returns_ops.accounts.models import Shop


class Connection(models.Model):
    """How we call Narvar for a shop. The password is stored encrypted and never shown."""

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="connection")
    narvar_url = models.CharField(max_length=255, help_text="https://szero.narvar.com")
    narvar_username = models.CharField(max_length=255)
    narvar_password_encrypted = models.TextField(editable=False)
    auto_approve = models.BooleanField(
        default=False, help_text="Narvar approves as soon as all items are approved"
    )
    paused = models.BooleanField(default=False, help_text="On: nothing is sent for this shop")
    problem = models.TextField(blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.shop} at {self.narvar_url}"


class WebhookCredential(models.Model):
    """A name and password that Narvar may show at our door. Two may be valid, for rotation."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="webhook_credentials")
    username = models.CharField(max_length=24)
    password_sha256 = models.BinaryField(
        max_length=32, editable=False, help_text="Of a random password; shown once, at its making"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "username"],
                condition=Q(retired_at__isnull=True),
                name="webhook_username_is_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.username} at {self.shop}"
