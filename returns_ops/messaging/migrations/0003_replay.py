import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("messaging", "0002_frozen_messages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                name="event_parked", fields=["shop", "-id"], condition=Q(("state", "parked"))
            ),
        ),
        migrations.CreateModel(
            name="ReplayJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=64)),
                ("since", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                (
                    "why",
                    models.TextField(help_text="In the words of the person who started it"),
                ),
                (
                    "started_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("stopped", "Stopped"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                (
                    "last_id",
                    models.BigIntegerField(help_text="No event that came after the start is taken"),
                ),
                (
                    "cursor",
                    models.BigIntegerField(default=0, help_text="The last event that was taken"),
                ),
                (
                    "in_flight",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        help_text="Taken, and not yet settled",
                        size=None,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replays",
                        to="messaging.event",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replays",
                        to="accounts.shop",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replays",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["shop", "-id"], name="replay_newest")],
                "constraints": [
                    models.CheckConstraint(condition=~Q(("why", "")), name="replay_says_why"),
                    models.CheckConstraint(
                        condition=Q(
                            ("event__isnull", False),
                            ~Q(("reason", "")),
                            ("since__isnull", False),
                            _connector="OR",
                        ),
                        name="replay_names_its_events",
                    ),
                ],
            },
        ),
    ]
