"""Lists by what is rare among money and ways to return, as quick as the others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False  # the table is large and in use: its indexes are built beside the work

    dependencies = [("returns", "0012_search_tails")]

    operations = [
        AddIndexConcurrently(
            "rma",
            models.Index(
                fields=["shop", "money", "-created_at", "-id"],
                name="rma_by_money",
                condition=~Q(money="none"),
            ),
        ),
        AddIndexConcurrently(
            "rma",
            models.Index(
                fields=["shop", "return_method", "-created_at", "-id"],
                name="rma_by_method",
                condition=~Q(return_method="mail"),
            ),
        ),
    ]
