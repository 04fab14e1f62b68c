"""The automations of an RMA: what Narvar does by itself, when, and until when."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.dashboard.show.badges import label_of
from returns_ops.dashboard.show.formats import Clock, moment_of
from returns_ops.dashboard.show.words import TRACKS, word
from returns_ops.returns.models import Rma
from returns_ops.returns.states import NarvarStatus

STEPS = [
    NarvarStatus.INITIATED,
    NarvarStatus.ON_ITS_WAY,
    NarvarStatus.DELIVERED,
    NarvarStatus.APPROVED,
]


class Step(NamedTuple):
    passed: bool
    fires: bool


class Track(NamedTuple):
    name: str
    when: str
    tone: str
    icon: str
    outcome: SafeString | str
    steps: list[Step]


def tracks_of(rma: Rma, clock: Clock) -> list[Track]:
    known = {str(track.get("name")): track for track in rma.policy}
    names = [*TRACKS, *(name for name in known if name not in TRACKS)]
    return [_track(rma, name, known[name], clock) for name in names if name in known]


def _track(rma: Rma, name: str, track: Mapping[str, Any], clock: Clock) -> Track:
    fires_at = str(track.get("fires_at") or "")
    tone, icon, outcome = _outcome(track, fires_at, clock)
    when = f"at “{label_of('narvar_status', fires_at)}”" if fires_at else "No automation"
    return Track(word(TRACKS, name), when, tone, icon, outcome, _steps(rma, fires_at))


def _outcome(
    track: Mapping[str, Any], fires_at: str, clock: Clock
) -> tuple[str, str, SafeString | str]:
    done, until = moment_of(track.get("succeeded_at")), moment_of(track.get("until"))
    if done:
        return "ok", "check-circle", format_html("Done {}", clock.ago(done))
    if until and until < clock.now:
        return "err", "x-circle", format_html("Expired {}", clock.tag(until))
    if until:
        return "info", "clock", format_html("Runs out {}", clock.deadline(until))
    if days := track.get("until_days"):
        return "info", "clock", f"Runs out {days} days after the start"
    if fires_at:
        return "neutral", "clock", "Not yet"
    return "neutral", "minus-circle", "By hand only"


def _steps(rma: Rma, fires_at: str) -> list[Step]:
    order = [str(step) for step in STEPS]
    if fires_at not in order:
        return []
    reached = order.index(rma.narvar_status) if rma.narvar_status in order else -1
    return [Step(place <= reached, step == fires_at) for place, step in enumerate(order)]
