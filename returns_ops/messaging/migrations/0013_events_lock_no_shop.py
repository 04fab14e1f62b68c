import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

SHOPS_STAY = """
CREATE TRIGGER shop_is_never_deleted BEFORE DELETE ON accounts_shop
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
SHOPS_MAY_GO = "DROP TRIGGER shop_is_never_deleted ON accounts_shop"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("messaging", "0012_nothing_asks_for_them"),
    ]
    operations = [
        migrations.RunSQL(SHOPS_STAY, SHOPS_MAY_GO),
        migrations.AlterField(
            model_name="event",
            name="shop",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="accounts.shop",
            ),
        ),
        RemoveIndexConcurrently(model_name="event", name="event_of_subject"),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                condition=models.Q(("subject", ""), _negated=True),
                fields=["shop", "subject", "-id"],
                name="event_of_subject",
            ),
        ),
    ]
