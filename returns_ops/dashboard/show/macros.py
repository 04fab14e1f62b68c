"""The macros of a shop's desk, and the form for a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.acting import Act
from returns_ops.narvar import macros
from returns_ops.returns.models import Macro
from returns_ops.returns.states import Cause

STEPS = range(1, 5)


class MacroRow(NamedTuple):
    id: int
    name: str
    shop: str
    steps: str
    causes: str


class StepField(NamedTuple):
    number: int
    do: str
    argument: str


@dataclass(frozen=True)
class MacrosPage:
    rows: list[MacroRow]
    shops: list[Shop]
    steps: list[tuple[str, str]]
    causes: list[tuple[str, str]]
    name: str
    fields: list[StepField]


class StepShown(NamedTuple):
    """`effect` and `call`: where it tells Narvar something. `blocked`: why it would fail now."""

    label: str
    given: str
    effect: str = ""
    call: str = ""
    blocked: str = ""


def steps_at(macro: Macro, acts: Sequence[Act]) -> list[StepShown]:
    """What each step would do at the case that offers these."""
    known = {act.key: act for act in acts}
    return [_shown(step, known) for step in macro.steps if step["do"] in macros.STEPS]


def _shown(step: Mapping[str, Any], acts: Mapping[str, Act]) -> StepShown:
    label, needs = macros.STEPS[step["do"]]
    given = f"{step['hours']} h" if needs == "hours" else str(step.get(needs) or "")
    action = macros.ACTIONS.get(step["do"])
    if action is None:
        return StepShown(label, given)
    act = acts.get(action)
    if act is None:
        return StepShown(label, given, blocked="There is nothing of the kind at this case.")
    return StepShown(label, given, act.effect, act.call, " ".join(act.blocked))


def in_words(macro: Macro) -> str:
    """`Assign to me, then Resolve exception`."""
    names = [macros.STEPS[step["do"]][0] for step in macro.steps if step["do"] in macros.STEPS]
    return ", then ".join(names)


def macros_page(access: Access, typed: Mapping[str, str]) -> MacrosPage:
    found = Macro.objects.filter(shop__in=access.shops).select_related("shop")
    return MacrosPage(
        rows=[_row(macro) for macro in found],
        shops=access.shops,
        steps=[(do, label) for do, (label, _) in macros.STEPS.items()],
        causes=[(cause.value, str(cause.label)) for cause in Cause],
        name=typed.get("name", ""),
        fields=[
            StepField(one, typed.get(f"do-{one}", ""), typed.get(f"with-{one}", ""))
            for one in STEPS
        ],
    )


def _row(macro: Macro) -> MacroRow:
    causes = ", ".join(str(Cause(one).label) for one in macro.causes if one in Cause.values)
    return MacroRow(macro.pk, macro.name, macro.shop.domain, in_words(macro), causes)


def steps_of(typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """As the form has them: what a step needs is a text or a number of hours."""
    steps = []
    for number in STEPS:
        do, given = typed.get(f"do-{number}", ""), typed.get(f"with-{number}", "").strip()
        if do:
            steps.append({"do": do, "text": given, "hours": given})
    return steps
