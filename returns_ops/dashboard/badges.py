"""Who works at a shared bench: one scan of a badge instead of user name and password.

A badge may be lost or lent, so it opens less than a password does, and nothing at all where
nobody is logged in.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.badges import holder_of
from returns_ops.accounts.models import AuditEntry, Membership, User
from returns_ops.dashboard.htmx import StaffRequest

BACKEND = "django.contrib.auth.backends.ModelBackend"
MOST_FAILURES = 10
WITHIN = timedelta(minutes=10)
BY_BADGE, BADGE, SEEN_AT = "by_badge", "badge", "badge_seen_at"  # in the session
REFUSED = (
    "This badge opens nothing here: it is not known, or its holder works for another shop. "
    "After ten such scans badges rest for 10 minutes, and a password is needed."
)


def switch_operator(request: StaffRequest, token: str) -> User | None:
    """The holder of this badge is logged in from now on; None: refused, and nothing changed.

    The caller has let in a logged-in person. After a switch the whole page has to be loaded anew:
    its form token belongs to the person before. Whoever scans their own badge stays as they are.
    """
    with transaction.atomic():
        before = User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
        holder = None if _has_failed_too_often(before) else _admitted(before, token)
    if holder and holder != before:
        _begin(request, holder)
    return holder


def _has_failed_too_often(user: User) -> bool:
    """Scans of one person queue behind their locked row, so that none slips past the count."""
    failures = AuditEntry.objects.filter(
        actor=user, action="badge.refused", at__gt=timezone.now() - WITHIN
    )
    if failures.count() < MOST_FAILURES:
        return False
    audit.record("badge.limited", user.username, shop=None, actor=user)
    return True


def _admitted(before: User, token: str) -> User | None:
    """The holder, if both work for one shop. Either way the scan leaves its trace."""
    holder = holder_of(token)
    if holder == before:
        return holder
    if holder is None or not _work_together(before, holder):
        subject, why = (holder.username, "other_shop") if holder else ("", "unknown")
        audit.record("badge.refused", subject, shop=None, actor=before, why=why)
        return None
    was = {"before": before.username}
    audit.record("badge.switched", holder.username, shop=None, actor=holder, **was)
    return holder


def _work_together(one: User, other: User) -> bool:
    shops = Membership.objects.filter(user=one).values("shop")
    return Membership.objects.filter(user=other, shop__in=shops).exists()


def _begin(request: StaffRequest, holder: User) -> None:
    holder.by_badge = True
    login(request, holder, backend=BACKEND)
    request.session.update({BY_BADGE: True, BADGE: mark_of(holder), SEEN_AT: _now()})


def is_by_badge(request: StaffRequest) -> bool:
    return bool(request.session.get(BY_BADGE))


def keep_session(request: StaffRequest) -> None:
    """The person's badge was just made anew, with their password: they stay logged in."""
    if is_by_badge(request):
        request.session[BADGE] = mark_of(request.user)


def has_ended(request: StaffRequest) -> bool:
    """Whether nobody has touched this screen for long, or the badge opens nothing any more."""
    idle = _now() - float(request.session.get(SEEN_AT, 0))
    same_badge = request.session.get(BADGE) == mark_of(request.user)
    return idle > settings.BADGE_IDLE_MINUTES * 60 or not same_badge


def goes_on(request: StaffRequest) -> None:
    """The person acts by badge. What a page asks for by itself does not keep the session open."""
    request.user.by_badge = True
    if "X-Tick" not in request.headers:
        request.session[SEEN_AT] = _now()


def mark_of(user: User) -> str:
    """Tells one badge from the next; opens nothing."""
    return bytes(user.badge_sha256 or b"").hex()[:16]


def _now() -> float:
    return timezone.now().timestamp()
