import django.db.models.deletion
from django.db import migrations, models

# Each begins another index of its table, or is the beginning of a unique one: nothing asks for it.
# Dropped beside those who read and write; altering the field would make its foreign key anew.
DROPPED = [
    ("narvar_shoprhythm_shop_id_8ef36792", "narvar_shoprhythm", "shop_id"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0005_one_index_each"),
        ("narvar", "0005_door_version"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="shoprhythm",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
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
