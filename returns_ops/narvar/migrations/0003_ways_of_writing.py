from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("narvar", "0002_rhythm_and_outages")]
    operations = [
        migrations.AddField(
            "connection",
            "status_place",
            models.CharField(
                choices=[("query", "In the address"), ("form", "As a form"), ("json", "As JSON")],
                default="query",
                help_text="Where the parameters of a shipment status go; Narvar does not say",
                max_length=8,
            ),
        ),
        migrations.AddField(
            "connection",
            "location_nested",
            models.BooleanField(
                default=False, help_text="All of a return location goes inside `location`"
            ),
        ),
        migrations.AddConstraint(
            "connection",
            models.CheckConstraint(
                condition=Q(("status_place__in", ["query", "form", "json"])),
                name="connection_status_place_is_known",
            ),
        ),
    ]
