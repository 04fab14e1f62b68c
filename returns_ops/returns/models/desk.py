from datetime import time
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.models.cases import Case
from returns_ops.returns.states import Cause, Language

WORKDAYS = [1, 2, 3, 4, 5]


def workdays() -> list[int]:
    return list(WORKDAYS)


class DeskRules(models.Model):
    """When a shop's desk works, and by when it wants a case dealt with. In the shop's zone."""

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="desk_rules")
    days = ArrayField(
        models.PositiveSmallIntegerField(
            validators=[MinValueValidator(1), MaxValueValidator(7)],
        ),
        default=workdays,
        help_text="Working days, 1 for Monday to 7 for Sunday: 1,2,3,4,5",
    )
    opens = models.TimeField(default=time(9))
    closes = models.TimeField(default=time(17), help_text="00:00 for the end of the day")
    holidays = ArrayField(
        models.DateField(), default=list, blank=True, help_text="2026-12-25,2027-01-01"
    )
    due_hours = models.PositiveSmallIntegerField(
        default=8,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text="Working hours in which a case is to be dealt with",
    )
    money_due_hours = models.PositiveSmallIntegerField(
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text="The same where money may have moved wrongly or not at all",
    )
    warn_hours = models.PositiveSmallIntegerField(
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
        help_text="A case opens so many hours before an automation ends",
    )
    high_value = models.DecimalField(
        max_digits=18,
        decimal_places=4,
        default=Decimal(200),
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text="A case of this value is four hours more urgent",
    )

    languages = ArrayField(
        models.CharField(max_length=2, choices=Language),
        default=list,
        blank=True,
        help_text="Customers are written to in these, the first if theirs is none: en,de",
    )

    class Meta:
        verbose_name_plural = "desk rules"
        constraints = [
            models.CheckConstraint(name="desk_works_some_day", condition=~Q(days=[])),
            models.CheckConstraint(
                name="desk_opens_before_it_closes",
                condition=Q(closes=time(0)) | Q(opens__lt=F("closes")),
            ),
            models.CheckConstraint(name="desk_high_value", condition=Q(high_value__gt=0)),
            models.CheckConstraint(name="desk_due", condition=Q(due_hours__gt=0)),
            models.CheckConstraint(name="desk_money_due", condition=Q(money_due_hours__gt=0)),
        ]

    def __str__(self) -> str:
        return f"Desk rules of {self.shop}"


class Playbook(models.Model):
    """What to do about a cause, in a shop's own words: one edit. Only added; the last one holds.

    With a fingerprint it is about one group of a cause.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="playbooks", db_index=False)
    cause = models.CharField(max_length=20, choices=Cause)
    fingerprint = models.CharField(max_length=16, blank=True)
    number = models.PositiveIntegerField(help_text="1 for the first edit")
    text = models.TextField(help_text="Empty: the text that comes with the product")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "cause", "fingerprint", "number"], name="playbook_edit_is_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} at {self.shop}, no. {self.number}"


class SavedView(models.Model):
    """A list under a name: the query string is all of it."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    shop = models.ForeignKey(
        Shop,
        models.CASCADE,
        null=True,
        related_name="+",
        help_text="Shared with whom works here",
        db_index=False,
    )
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="view_name_is_one")]
        indexes = [models.Index(fields=["shop", "name"], name="view_shared")]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def shared(self) -> bool:
        return self.shop_id is not None


class Macro(models.Model):
    """Several steps under one name. Each is {"do": …} with what it needs; see `macros.py`."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="macros", db_index=False)
    name = models.CharField(max_length=60)
    causes = ArrayField(
        models.CharField(max_length=20, choices=Cause),
        default=list,
        blank=True,
        help_text="Offered for these; empty: for all",
    )
    steps = models.JSONField(default=list)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(db_default=Now())
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "name"], name="macro_name_is_one"),
            models.CheckConstraint(name="macro_has_steps", condition=~Q(steps=[])),
        ]
        ordering = ["shop", "name"]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """Something a person of the desk should hear of."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", "Assigned to you"
        MENTIONED = "mentioned", "Mentioned you"
        LATE = "late", "About to be late"
        WATCHED = "watched", "Changed"

    user = models.ForeignKey(User, models.CASCADE, related_name="notices", db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=9, choices=Kind)
    text = models.CharField(max_length=300)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=64, help_text="What it tells of: never told twice")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "case", "kind", "key"], name="notice_is_one")
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_newest"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at=None)),
        ]

    def __str__(self) -> str:
        return self.text


class DeskPreference(models.Model):
    """How one person wants to hear from the desk. Without a row: on the screen only."""

    user = models.OneToOneField(User, models.CASCADE, related_name="desk_preference")
    digest = models.BooleanField(default=False, help_text="A summary by e-mail, once a day")
    digest_hour = models.PositiveSmallIntegerField(default=7, validators=[MaxValueValidator(23)])
    timezone = models.CharField(max_length=64, default="UTC")
    digest_sent_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="digest_hour_is_one", condition=Q(digest_hour__lt=24))
        ]

    def __str__(self) -> str:
        return f"{self.user}: {'daily' if self.digest else 'no'} e-mail"
