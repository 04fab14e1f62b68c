import django.db.models.deletion
from django.db import migrations, models

# They served to delete a shop, which is refused now.
# Dropped beside those who read and write; altering the field would make its foreign key anew.
DROPPED = [
    ("returns_caseevent_shop_id_5cfce2b2", "returns_caseevent", "shop_id"),
    ("returns_photo_shop_id_0c0f5fa0", "returns_photo", "shop_id"),
    ("returns_transaction_shop_id_304361d4", "returns_transaction", "shop_id"),
]
FIELDS = {"caseevent": "+", "photo": "photos", "transaction": "transactions"}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("returns", "0021_nothing_asks_for_them"),
        ("messaging", "0013_events_lock_no_shop"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name=model,
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name=related,
                        to="accounts.shop",
                    ),
                )
                for model, related in FIELDS.items()
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
