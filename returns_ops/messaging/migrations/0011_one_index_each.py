import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Each begins another index of its table, or is the beginning of a unique one: nothing asks for it.
# Dropped beside those who read and write; altering the field would make its foreign key anew.
DROPPED = [
    ("messaging_attempt_command_id_4ae3eddd", "messaging_attempt", "command_id"),
    ("messaging_command_requested_by_id_cdf5a5d0", "messaging_command", "requested_by_id"),
    ("messaging_command_shop_id_5aad38d0", "messaging_command", "shop_id"),
    ("messaging_event_shop_id_eca4cd5c", "messaging_event", "shop_id"),
    ("messaging_replayjob_shop_id_cb159c83", "messaging_replayjob", "shop_id"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0005_one_index_each"),
        ("messaging", "0010_vacuumed_early"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="attempt",
                    name="command",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="messaging.command",
                    ),
                ),
                migrations.AlterField(
                    model_name="command",
                    name="requested_by",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commands_requested",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="command",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commands",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="event",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="replayjob",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replays",
                        to="accounts.shop",
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({column})",
                )
                for name, table, column in DROPPED
            ],
        )
    ]
