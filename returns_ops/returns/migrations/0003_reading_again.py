from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("returns", "0002_counters_and_ledger")]
    operations = [
        migrations.AddField(
            model_name="rma",
            name="refetch_tries",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="How often Narvar was asked in vain which news is the newest"
            ),
        ),
        migrations.AddField(
            model_name="rma",
            name="refetch_at",
            field=models.DateTimeField(
                null=True, help_text="In the background, Narvar is not asked again before"
            ),
        ),
        migrations.AddIndex(
            model_name="rma",
            index=models.Index(
                name="rma_doubtful",
                fields=["shop", "id"],
                condition=models.Q(("needs_refetch", True)),
            ),
        ),
    ]
