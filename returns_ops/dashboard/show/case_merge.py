"""Two people at one case: what the other did, beside what this person entered."""

from collections.abc import Mapping
from datetime import datetime

from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.merge import MOST, Merge, Since
from returns_ops.returns.models import Case, CaseEvent


def merge_of_case(case: Case, now: datetime, *, seen: int, entered: Mapping[str, str]) -> Merge:
    """What came into the history after the line `seen`, oldest first."""
    clock = Clock(now, case.shop.timezone)
    after = case.history.filter(pk__gt=seen).select_related("actor").order_by("pk")[:MOST]
    typed = [(name.capitalize(), text) for name, text in entered.items() if text.strip()]
    return Merge(since=[_since(event, clock) for event in after], missed=0, entered=typed)


def _since(event: CaseEvent, clock: Clock) -> Since:
    who = event.actor.known_as if event.actor else "By itself"
    return Since(who, clock.ago(event.at), event.text, [])
