"""What people at work leave behind and nobody asks for later: scans, and notices that were read."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F

from returns_ops.messaging.retention import Kind, deleted
from returns_ops.returns.models import Notice, Scan


def kinds() -> list[Kind]:
    """What came of a scan stays, with the return: its lines and its history."""
    return [
        Kind(
            name="scans",
            keep=timedelta(days=settings.SCAN_DAYS),
            rows=Scan.objects.all(),
            came="at",
            since=F("at"),
            retire=deleted,
        ),
        Kind(
            name="notices",
            keep=timedelta(days=settings.NOTICE_DAYS),
            rows=Notice.objects.filter(read_at__isnull=False),
            came="at",
            since=F("read_at"),
            retire=deleted,
        ),
    ]
