"""What nobody needs any longer goes, so that what is hot stays small.

Events that were applied, what the other side answered long ago, logins and ended sessions; other
parts of the product name kinds of their own. Never: an event that waits, failed or was set aside,
a shop's newest event, a command, a line of history.
By and by, in batches of their own transaction: what is held, fails or is too much waits for the
next run.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Expression, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Attempt, CommandState, Event, EventState

log = structlog.get_logger(__name__)

BATCH = 1_000
ENDED = [CommandState.CONFIRMED, CommandState.REFUSED, CommandState.CANCELLED]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`rows` by their key, as they came: a walk through them ends at one that came lately."""

    name: str
    keep: timedelta
    rows: QuerySet[Any]
    came: str
    since: Expression | F  # what its age is counted from
    retire: Callable[[QuerySet[Any]], int]

    def old(self) -> QuerySet[Any]:
        old: QuerySet[Any] = self.rows.alias(since=self.since).filter(since__lt=Now() - self.keep)
        return old


@dataclass
class Retired:
    """What became of one kind: how many went, batches that failed, whether it is through."""

    name: str
    gone: int = 0
    failed: int = 0
    through: bool = False


def kinds() -> list[Kind]:
    """The events last: a long way through them must not keep the small ones waiting."""
    return [
        _logins("wrong_passwords", AccessAttempt.objects.all()),
        _logins("logins", AccessLog.objects.all()),
        Kind(
            name="answers",
            keep=timedelta(days=settings.ANSWER_DAYS),
            rows=_answers(),
            came="started_at",
            since=F("finished_at"),
            retire=lambda rows: rows.update(answer=""),
        ),
        Kind(
            name="events",
            keep=timedelta(days=settings.EVENT_DAYS),
            rows=_events(),
            came="received_at",
            since=Greatest("done_at", "last_seen_at"),
            retire=deleted,
        ),
    ]


def _logins(name: str, rows: QuerySet[Any]) -> Kind:
    return Kind(
        name=name,
        keep=timedelta(days=settings.LOGIN_DAYS),
        rows=rows,
        came="attempt_time",
        since=F("attempt_time"),
        retire=deleted,
    )


def _answers() -> QuerySet[Attempt]:
    settled = Q(command__state__in=ENDED) | Q(command__settled_at__isnull=False)
    return Attempt.objects.exclude(answer="").filter(settled)


def _events() -> QuerySet[Event]:
    """But for the newest of a shop: it says for how long the shop has been silent."""
    return Event.objects.filter(state=EventState.DONE).exclude(pk__in=newest_events())


def newest_events() -> list[int]:
    # A range, though it is one shop: by `=` PostgreSQL walks all events backwards by id.
    one = {"shop_id__gte": OuterRef("pk"), "shop_id__lte": OuterRef("pk")}
    of_shop = Event.objects.filter(**one).order_by("shop_id", "-pk").values("pk")
    newest = Shop.objects.values_list(Subquery(of_shop[:1]), flat=True)
    return [pk for pk in newest if pk]


def deleted(rows: QuerySet[Any]) -> int:
    return int(rows.delete()[0])


def retire(kinds: Iterable[Kind], *, until: float) -> list[Retired]:
    """Let go what is old, for as long as `time.monotonic()` is below `until`.

    The caller is alone at it.
    """
    told = [_sessions()]
    for kind in kinds:
        told.append(Retired(kind.name))
        _walk(kind, told[-1], until)
    return told


def would_go(kinds: Iterable[Kind]) -> list[Retired]:
    """How many of each are old enough."""
    ended = Session.objects.filter(expire_date__lt=timezone.now()).count()
    return [Retired("sessions", ended), *(Retired(one.name, one.old().count()) for one in kinds)]


def _sessions() -> Retired:
    before = Session.objects.filter(expire_date__lt=timezone.now()).count()
    SessionStore.clear_expired()
    return Retired("sessions", before, through=True)


def _walk(kind: Kind, told: Retired, until: float) -> None:
    for first, last in _stretches(kind):
        if time.monotonic() >= until:
            return
        try:
            told.gone += _retire_between(kind, first, last)
        except Exception:
            told.failed += 1
            log.exception("retirement_failed", kind=kind.name, first=first, last=last)
    told.through = True


def _stretches(kind: Kind) -> Iterator[tuple[int, int]]:
    """The first and last key of a batch each; the last one is that in which a young row is."""
    limit, after = timezone.now() - kind.keep, 0
    while True:
        keys = kind.rows.filter(pk__gt=after).order_by("pk").values_list("pk", kind.came)
        found: list[tuple[int, datetime]] = list(keys[:BATCH])
        if not found:
            return
        after = found[-1][0]
        yield found[0][0], after
        if found[-1][1] >= limit:
            return


@transaction.atomic
def _retire_between(kind: Kind, first: int, last: int) -> int:
    old = kind.old().filter(pk__gte=first, pk__lte=last)
    locked = old.select_for_update(skip_locked=True, of=("self",))
    ids = list(locked.values_list("pk", flat=True))
    return kind.retire(kind.rows.model._default_manager.filter(pk__in=ids)) if ids else 0


def overdue(kinds: Iterable[Kind]) -> Iterator[tuple[str, timedelta]]:
    """For how long the oldest of a kind should have been gone; by its first batch alone."""
    for kind in kinds:
        first = kind.rows.annotate(since=kind.since).order_by("pk").values("since")[:BATCH]
        oldest = first.aggregate(oldest=Min("since"))["oldest"]
        late = timezone.now() - kind.keep - oldest if oldest else timedelta(0)
        yield kind.name, max(late, timedelta(0))
