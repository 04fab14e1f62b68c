from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("returns", "0010_cases")]

    operations = [
        migrations.AddField(
            model_name="bulkjob",
            name="by_badge",
            field=models.BooleanField(
                default=False, help_text="Started by a badge: its limits hold for each row too"
            ),
        ),
    ]
