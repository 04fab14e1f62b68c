import django.db.models.deletion
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("narvar", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="ShopRhythm",
            fields=[
                ("id", ID),
                ("hour", models.DateTimeField(help_text="Its beginning")),
                ("events", models.PositiveIntegerField()),
                (
                    "last_event",
                    models.BigIntegerField(help_text="The newest event that is counted"),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.shop",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shop", "hour"), name="rhythm_counts_an_hour_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Outage",
            fields=[
                ("id", ID.clone()),
                (
                    "began_at",
                    models.DateTimeField(help_text="When the door was last seen open before"),
                ),
                ("ended_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
