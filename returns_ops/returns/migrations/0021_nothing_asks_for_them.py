import django.db.models.deletion
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

# Nothing asks for them, and what they point at is never deleted.
# Dropped beside those who read and write; altering the field would make its foreign key anew.
DROPPED = [
    ("returns_bulkrow_command_id_426f9eec", "returns_bulkrow", "command_id"),
    ("returns_locationchange_command_id_98958556", "returns_locationchange", "command_id"),
    ("returns_locationimportrow_command_id_f5abb36b", "returns_locationimportrow", "command_id"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("messaging", "0012_nothing_asks_for_them"),
        ("returns", "0020_one_index_each"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="bulkrow",
                    name="command",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.command",
                    ),
                ),
                migrations.AlterField(
                    model_name="locationchange",
                    name="command",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.command",
                    ),
                ),
                migrations.AlterField(
                    model_name="locationimportrow",
                    name="command",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="messaging.command",
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
        ),
        RemoveIndexConcurrently("scan", "scan_by_age"),
    ]
