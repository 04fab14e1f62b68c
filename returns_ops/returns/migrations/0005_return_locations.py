import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_audit_is_append_only"),
        ("returns", "0004_deadlines"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReturnLocation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "narvar_id",
                    models.CharField(
                        blank=True, help_text="Empty until Narvar told it", max_length=255
                    ),
                ),
                ("name", models.TextField()),
                ("address1", models.TextField(blank=True)),
                ("address2", models.TextField(blank=True)),
                ("city", models.TextField(blank=True)),
                ("state", models.TextField(blank=True)),
                ("state_code", models.TextField(blank=True)),
                ("postal_code", models.TextField(blank=True)),
                ("country", models.TextField(blank=True)),
                ("country_code", models.TextField(blank=True)),
                ("latitude", models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ("longitude", models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ("phone", models.TextField(blank=True, help_text="E.164 when we wrote it")),
                ("accepts_mail", models.BooleanField(default=False)),
                ("accepts_in_store", models.BooleanField(default=False)),
                (
                    "sync",
                    models.CharField(
                        choices=[
                            ("in_sync", "As at Narvar"),
                            ("sending", "Being saved"),
                            ("not_saved", "Not saved"),
                            ("deleted", "Removed"),
                        ],
                        default="in_sync",
                        max_length=16,
                    ),
                ),
                ("problem", models.TextField(blank=True, help_text="In words, for a person")),
                ("document", models.JSONField(default=dict, help_text="As last read from Narvar")),
                ("shown", models.JSONField(default=dict, help_text="The same in our words")),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "version",
                    models.PositiveIntegerField(default=1, help_text="Counts every change"),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="return_locations",
                        to="accounts.shop",
                    ),
                ),
            ],
            options={
                "ordering": ["shop", "name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("narvar_id", ""), _negated=True),
                        fields=("shop", "narvar_id"),
                        name="location_id_is_unique_in_its_shop",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sync__in", ["in_sync", "sending", "not_saved", "deleted"])
                        ),
                        name="location_sync_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("removed_at__isnull", False), ("sync", "deleted")),
                            models.Q(
                                models.Q(("sync", "deleted"), _negated=True),
                                ("removed_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="location_deleted_says_since_when",
                    ),
                ],
            },
        ),
    ]
