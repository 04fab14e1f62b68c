"""What can be done at a case, as the page offers it: the likely way first, with its fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from returns_ops.dashboard.show.formats import money
from returns_ops.narvar import desk
from returns_ops.returns.case_actions import DANGEROUS, PossibleAction
from returns_ops.returns.models import Case
from returns_ops.returns.preview import Bundle
from returns_ops.returns.rights import Rights
from returns_ops.returns.rules import PARTIAL, reasons_of

AS_PLAYED = "Done as the playbook says"


class Field(NamedTuple):
    name: str
    label: str
    kind: str  # line, long, amount, choice, time
    required: bool
    choices: Sequence[str] = ()
    value: str = ""
    error: str = ""

    @property
    def waits(self) -> bool:
        """Somebody has to enter something before the action can be done."""
        return self.required and not self.value


KINDS = {
    "amount": ("Amount", "amount"),
    "reason": ("Reason", "choice"),
    "note": ("Note, as Narvar keeps it", "long"),
    "because": ("How it was resolved", "line"),
    "until": ("Until (in the time of the shop); empty: until something changes", "time"),
}


@dataclass(frozen=True)
class Act:
    key: str
    label: str
    amount: str
    effect: str
    call: str
    warnings: tuple[str, ...]
    blocked: tuple[str, ...]
    likely: bool
    danger: bool
    open: bool
    problem: str = ""
    fields: list[Field] = field(default_factory=list)

    @property
    def focus(self) -> str:
        """The field that `e` goes to; empty: to the button."""
        return next((one.name for one in self.fields if one.waits), "")


@dataclass(frozen=True)
class Tried:
    """What a person wanted to do, what they typed, and why it was not done."""

    code: str = ""
    problem: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def acts_of(case: Case, rights: Rights, tried: Tried, bundle: Bundle | None) -> list[Act]:
    """The likely one first; what is blocked last, with its reasons."""
    actions = desk.actions_of(case, rights, bundle=bundle)
    reasons = reasons_of(case.shop).get(PARTIAL, [])
    shown = [_act(action, tried, reasons) for action in actions]
    return sorted(shown, key=lambda act: not act.likely)


def _act(action: PossibleAction, tried: Tried, reasons: Sequence[str]) -> Act:
    mine = tried if tried.code == action.code else Tried()
    most = money(action.most, action.currency) if action.most is not None else ""
    return Act(
        key=action.code,
        label=action.label,
        amount=f"at most {most}" if most else "",
        effect=action.effect,
        call=action.call,
        warnings=action.warnings,
        blocked=action.blocked,
        likely=action.likely,
        danger=action.code in DANGEROUS,
        open=bool(mine.code),
        problem=mine.problem,
        fields=[_field(name, mine, reasons) for name in action.needs],
    )


def _field(need: str, tried: Tried, reasons: Sequence[str]) -> Field:
    name = need.removesuffix("?")
    label, kind = KINDS.get(name, (name.capitalize(), "line"))
    return Field(
        name=name,
        label=label,
        kind=kind,
        required=not need.endswith("?"),
        choices=reasons if kind == "choice" else (),
        value=tried.typed.get(name, AS_PLAYED if name == "because" else ""),
        error=tried.errors.get(name, ""),
    )
