"""The daily summary of the desk, by e-mail, to whoever asked for it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from returns_ops.returns.models import DeskPreference
from returns_ops.returns.money import spoken
from returns_ops.returns.notices import Digest, digest_of, due_digests, is_due

log = structlog.get_logger(__name__)


def send_due(now: datetime | None = None) -> int:
    """How many were sent. Marked before it is sent: rather none than two."""
    now = now or timezone.now()
    return sum(_send(row.pk, now) for row in due_digests(now))


def _send(preference_id: int, now: datetime) -> bool:
    with transaction.atomic():
        locked = DeskPreference.objects.select_for_update(of=("self",), skip_locked=True)
        row = locked.select_related("user").filter(pk=preference_id, digest=True).first()
        if row is None or not is_due(row, now):
            return False
        row.digest_sent_on = now.astimezone(ZoneInfo(row.timezone)).date()
        row.save(update_fields=["digest_sent_on"])
    digest = digest_of(row.user, now)
    if digest.is_empty:
        return False
    try:
        send_mail(_subject(digest), body_of(digest), None, [row.user.email])
    except OSError:
        log.exception("digest_failed", user=row.user_id)
        return False
    return True


def _subject(digest: Digest) -> str:
    return f"Returns: {digest.tabs.mine} cases of yours, {digest.tabs.late} late"


def body_of(digest: Digest) -> str:
    """Plain text. No personal data of customers: an e-mail is not under our lock."""
    tabs = digest.tabs
    lines = [
        f"Good morning {digest.user.known_as},",
        "",
        f"Yours: {tabs.mine}. Unassigned: {tabs.unassigned}. Late: {tabs.late}.",
        f"Automations that end within a day: {digest.ending}.",
    ]
    if digest.first:
        lines += ["", "Your most urgent ones:"]
    for case in digest.first:
        worth = f", {spoken(case.value, case.currency)}" if case.value else ""
        lines.append(f"- {case}{worth}, due {case.due_at:%d %b, %H:%M} UTC")
    address = f"{settings.PUBLIC_URL.rstrip('/')}/exceptions/?tab=mine"
    return "\n".join([*lines, "", address, "", "You asked for this in your preferences.", ""])
