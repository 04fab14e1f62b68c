import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0008_what_is_old_may_go"),
        ("returns", "0017_who_looks_at_a_parcel"),
    ]
    operations = [
        migrations.AlterField(
            "rmaevent",
            "event",
            models.ForeignKey(
                db_constraint=False,
                help_text="It may be gone: history is kept for longer than messages",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="rma_events",
                to="messaging.event",
            ),
        ),
    ]
