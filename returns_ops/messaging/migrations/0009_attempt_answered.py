from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made beside the writers
    dependencies = [("messaging", "0008_what_is_old_may_go")]
    operations = [
        AddIndexConcurrently(
            "attempt",
            models.Index(
                condition=models.Q(("answer", ""), _negated=True),
                fields=["id"],
                name="attempt_answered",
            ),
        ),
    ]
