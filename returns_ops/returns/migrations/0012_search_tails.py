"""Returns that are known already are found by the end of a tracking number as well."""

from django.db import migrations, models

_TAILS = """
INSERT INTO returns_searchtoken (shop_id, kind, token, rma_id)
SELECT shop_id, 'tail', right(token, 6), rma_id FROM returns_searchtoken
WHERE kind = 'tracking' AND length(token) > 6
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("returns", "0011_bulk_by_badge")]

    operations = [
        migrations.AlterField(
            model_name="searchtoken",
            name="kind",
            field=models.CharField(
                max_length=8,
                choices=[
                    ("rma", "RMA number"),
                    ("order", "Order number"),
                    ("email", "E-mail"),
                    ("tracking", "Tracking number"),
                    ("tail", "End of a tracking number"),
                    ("sku", "SKU"),
                ],
            ),
        ),
        migrations.RunSQL(_TAILS, "DELETE FROM returns_searchtoken WHERE kind = 'tail'"),
    ]
