from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from returns_ops.messaging.models import Heartbeat


def beat(name: str) -> None:
    """Note that this part of the machine is alive, by the database's clock."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, seen_at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["seen_at"],
    )


def age(name: str) -> timedelta | None:
    """How long ago it was last seen; None: never."""
    found = Heartbeat.objects.filter(name=name).first()
    return timezone.now() - found.seen_at if found else None
