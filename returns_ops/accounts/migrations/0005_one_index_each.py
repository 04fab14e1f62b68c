import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Each begins another index of its table, or is the beginning of a unique one: nothing asks for it.
# Dropped beside those who read and write; altering the field would make its foreign key anew.
DROPPED = [
    ("accounts_auditentry_shop_id_9d93dc53", "accounts_auditentry", "shop_id"),
    ("accounts_membership_user_id_487fb39e", "accounts_membership", "user_id"),
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0004_door_version"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="auditentry",
                    name="shop",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audit_entries",
                        to="accounts.shop",
                    ),
                ),
                migrations.AlterField(
                    model_name="membership",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
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
