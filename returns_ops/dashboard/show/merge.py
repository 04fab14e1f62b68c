"""Two people changed one return: what the other did, beside what this person entered."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.utils.safestring import SafeString

from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.timeline import Change, changes_of
from returns_ops.returns.models import Rma, RmaEvent

MOST = 20
LARGEST_ID = 2**63 - 1


class Since(NamedTuple):
    who: str
    at: SafeString | str
    text: str
    fields: list[Change]


class Merge(NamedTuple):
    """`since` is oldest first; `missed` counts those before it that are too many to show."""

    since: list[Since]
    missed: int
    entered: list[tuple[str, str]]


def newest_event_id(rma: Rma) -> int:
    """What a form keeps in its hidden field `seen`; 0 when the timeline is empty."""
    newest = rma.history.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def seen_from(text: str | None) -> int:
    """The hidden field `seen` as it came back. What is not a number of ours counts as the newest:
    better to say that nothing is known than to show the whole history as new."""
    seen = int(text) if text and text.isascii() and text.isdecimal() and len(text) < 20 else -1
    return seen if 0 <= seen <= LARGEST_ID else LARGEST_ID


def merge_of(rma: Rma, now: datetime, *, seen: int, entered: Mapping[str, str]) -> Merge:
    """What came into the timeline after the event `seen`, and the form: label → text as typed."""
    clock = Clock(now, rma.shop.timezone)
    after = rma.history.filter(pk__gt=seen)
    newest = list(after.select_related("actor").order_by("-pk")[: MOST + 1])
    missed = after.count() - MOST if len(newest) > MOST else 0
    return Merge(
        since=[_since(event, clock) for event in reversed(newest[:MOST])],
        missed=missed,
        entered=[(label, text) for label, text in entered.items() if text.strip()],
    )


def _since(event: RmaEvent, clock: Clock) -> Since:
    who = event.actor.known_as if event.actor else str(RmaEvent.Source(event.source).label)
    return Since(who, clock.ago(event.at), event.text, changes_of(event.changes))
