import django.db.models.deletion
from django.db import migrations, models

# Nothing asks for it, and no foreign key looks through it.
# Dropped beside those who read and write; altering the field would make its foreign key anew.
DROPPED = [
    ("messaging_replayjob_event_id_46833986", "messaging_replayjob", "event_id"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("messaging", "0011_one_index_each"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="replayjob",
                    name="event",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="replays",
                        to="messaging.event",
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
