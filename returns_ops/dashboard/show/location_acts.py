"""What comes of removing, settling or restoring a location, before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass

from returns_ops.dashboard.location_forms import ConfirmForm
from returns_ops.dashboard.show.location import heading_in_words
from returns_ops.narvar.locations import Standing, standing
from returns_ops.returns.location_compare import Comparison, compare
from returns_ops.returns.location_snapshot import FIELDS, changes, facts_of, spoken
from returns_ops.returns.location_use import Use, use_of
from returns_ops.returns.models import LocationChange, ReturnLocation
from returns_ops.returns.transitions.location_settling import GONE, OURS, THEIRS


@dataclass(frozen=True)
class ActPage:
    """`confirming`: the rules and the name are asked for."""

    location: ReturnLocation
    form: ConfirmForm
    problem: str
    use: Use
    standing: Standing
    confirming: bool
    comparisons: list["Choice"]
    changes: list[tuple[str, str, str]]
    change: LocationChange | None = None
    gone: str = ""

    @property
    def certain(self) -> str:
        return heading_in_words(self.use.certain)

    @property
    def guessed(self) -> str:
        return heading_in_words(self.use.guessed)


@dataclass(frozen=True)
class Choice:
    comparison: Comparison
    chosen: str

    @property
    def name(self) -> str:
        return f"choice-{self.comparison.name}"


def deletion_page(location: ReturnLocation, form: ConfirmForm, problem: str) -> ActPage:
    there = bool(location.narvar_id) and not location.gone_at
    return _page(location, form, problem, confirming=there)


def settling_page(
    location: ReturnLocation,
    form: ConfirmForm,
    choices: Mapping[str, str],
    problem: str,
) -> ActPage:
    found = [Choice(one, choices.get(one.name, "")) for one in compare(location)]
    return _page(
        location,
        form,
        problem,
        confirming="typed_name" in form.data or "confirm that" in problem,
        comparisons=found,
        gone=choices.get(GONE, ""),
    )


def restoring_page(
    location: ReturnLocation,
    change: LocationChange,
    form: ConfirmForm,
    problem: str,
) -> ActPage:
    differing = changes(facts_of(location), change.facts)
    words = [(FIELDS[name], spoken(was), spoken(then)) for name, (was, then) in differing.items()]
    return _page(
        location,
        form,
        problem,
        confirming="typed_name" in form.data or "confirm that" in problem,
        change=change,
        changed=words,
    )


def chosen(location: ReturnLocation, posted: Mapping[str, str]) -> dict[str, str]:
    """Of each field that differs, what the form says; `all` decides them at once."""
    names = [GONE] if location.gone_at else [one.name for one in compare(location)]
    at_once = str(posted.get("all", ""))
    said = {name: at_once or str(posted.get(f"choice-{name}", "")) for name in names}
    return {name: choice for name, choice in said.items() if choice in (OURS, THEIRS)}


def _page(
    location: ReturnLocation,
    form: ConfirmForm,
    problem: str,
    *,
    confirming: bool,
    comparisons: list[Choice] | None = None,
    changed: list[tuple[str, str, str]] | None = None,
    change: LocationChange | None = None,
    gone: str = "",
) -> ActPage:
    return ActPage(
        location=location,
        form=form,
        problem=problem,
        use=use_of(location),
        standing=standing(location.shop),
        confirming=confirming,
        comparisons=comparisons or [],
        changes=changed or [],
        change=change,
        gone=gone,
    )
