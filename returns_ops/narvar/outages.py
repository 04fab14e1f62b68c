"""Notices afterwards that nobody could knock at our door, so that what was missed is read again.

The door cannot know that it was shut. A worker looks at it from outside every ten seconds, by
the address that Narvar uses; while the machine, the network or the door was down, nobody saw it
open, and the first look that does finds the gap.
"""

import http.client
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from returns_ops.messaging import heartbeats
from returns_ops.messaging.models import Heartbeat
from returns_ops.narvar.models import Outage

log = structlog.get_logger(__name__)

DOOR = "door"
SHORTEST = timedelta(seconds=60)
LOOK_SECONDS = 2.0
NO_SHOP = uuid.UUID(int=0)


def watch() -> Outage | None:
    """Look at the door; returns the outage that ended just now, if one did."""
    if not is_open():
        return None
    with transaction.atomic():
        before = Heartbeat.objects.select_for_update().filter(name=DOOR).first()
        heartbeats.beat(DOOR)
        now = Heartbeat.objects.get(name=DOOR).seen_at
        if before is None or now - before.seen_at <= SHORTEST:
            return None
        outage = Outage.objects.create(began_at=before.seen_at, ended_at=now)
    log.warning("door_was_shut", seconds=(now - before.seen_at).total_seconds())
    return outage


def is_open() -> bool:
    """Whether our public address answers as the door does: it takes only POST, whoever asks."""
    address = urlsplit(settings.PUBLIC_URL)
    secure = address.scheme == "https"
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    line = make(address.hostname or "", address.port, timeout=LOOK_SECONDS)
    try:
        line.request("GET", address.path + reverse("webhook", args=[NO_SHOP]))
        return line.getresponse().status == http.client.METHOD_NOT_ALLOWED
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
