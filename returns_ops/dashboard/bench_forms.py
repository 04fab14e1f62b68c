"""The forms of the bench: an item split over outcomes, and a partial refund."""

from decimal import Decimal
from typing import Any

from django import forms

from returns_ops.dashboard.amounts import AmountProblem, amount_typed
from returns_ops.dashboard.show.bench import OUTCOMES, SplitRow
from returns_ops.dashboard.show.telling import OFFERED
from returns_ops.returns.plan import Rest
from returns_ops.returns.states import Decision
from returns_ops.returns.transitions import Part


class TellForm(forms.Form):
    """A status, a note, or both; `confirmed` once what they set off was read back."""

    status = forms.ChoiceField(
        required=False,
        choices=[("", ""), *((one.value, one.label) for one in OFFERED)],
        error_messages={"invalid_choice": "Choose one of the statuses on the screen."},
    )
    note = forms.CharField(
        required=False,
        max_length=500,
        error_messages={"max_length": "Use at most 500 characters for the note."},
    )
    version = forms.IntegerField(min_value=1)
    submission_token = forms.UUIDField()
    confirmed = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        given["status"] = given.get("status") or None
        given["note"] = given.get("note") or None
        if not self.errors and given["status"] is None and given["note"] is None:
            raise forms.ValidationError("Choose a status, write a note, or do both.")
        return given

    @property
    def problem(self) -> str:
        """In one sentence; what the person cannot mend is not told field by field."""
        told = [str(text) for name in ("status", "note", "__all__") for text in self._told(name)]
        return " ".join(told) or "This form did not arrive whole. Please try again."

    def _told(self, name: str) -> list[str]:
        return [str(text) for text in self.errors.get(name, [])]

    def wanted(self) -> dict[str, Any]:
        """As narvar.decisions.tell_status takes it."""
        names = ("status", "note", "version", "submission_token")
        return {name: self.cleaned_data[name] for name in names}


class SplitForm(forms.Form):
    """Fields per outcome: `quantity-rejected`, `grade-rejected`, `reason-…`, `note-…`."""

    version = forms.IntegerField(min_value=1)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for _, decision, _ in OUTCOMES:
            self.fields[f"quantity-{decision}"] = forms.IntegerField(
                min_value=0,
                max_value=9_999,
                required=False,
                error_messages={
                    "invalid": f"{decision.label}: enter a whole number of units.",
                    "min_value": f"{decision.label}: enter a whole number of units.",
                    "max_value": f"{decision.label}: that is too many units.",
                },
            )
            self.fields[f"grade-{decision}"] = forms.CharField(max_length=16, required=False)
            self.fields[f"reason-{decision}"] = forms.CharField(max_length=120, required=False)
            self.fields[f"note-{decision}"] = forms.CharField(
                max_length=500,
                required=False,
                error_messages={"max_length": f"{decision.label}: the note is too long."},
            )

    def parts(self) -> list[Part]:
        given = self.cleaned_data
        return [
            Part(
                quantity=given[f"quantity-{decision}"] or 0,
                decision=decision.value,
                grade=given[f"grade-{decision}"],
                reason=given[f"reason-{decision}"],
                note=given[f"note-{decision}"],
            )
            for _, decision, _ in OUTCOMES
        ]

    def problems(self) -> list[str]:
        return [str(message) for messages in self.errors.values() for message in messages]

    def kept(self, row: SplitRow) -> SplitRow:
        """The row as it was typed, right or wrong."""

        def typed(name: str) -> str:
            return str(self.data.get(f"{name}-{row.decision}", ""))

        return row._replace(
            quantity=typed("quantity"),
            grade=typed("grade"),
            reason=typed("reason"),
            note=typed("note"),
        )

    def entered(self) -> dict[str, str]:
        """What was typed, as a person reads it beside what changed."""
        found = {}
        for _, decision, _ in OUTCOMES:
            names = ("quantity", "grade", "reason", "note")
            words = [str(self.data.get(f"{name}-{decision}", "")) for name in names]
            if words[0] not in ("", "0"):
                found[str(Decision(decision).label)] = " · ".join(word for word in words if word)
        return found


class PartialForm(forms.Form):
    """A refund whose amount a person sets."""

    partial_amount = forms.CharField(
        max_length=40, error_messages={"required": "Enter the amount to refund."}
    )
    reason = forms.CharField(
        max_length=120, error_messages={"required": "Choose why it is not the full amount."}
    )
    note = forms.CharField(max_length=500, required=False)
    rest = forms.TypedChoiceField(choices=Rest.choices, coerce=Rest, required=False)

    def __init__(self, data: Any, currency: str) -> None:
        super().__init__(data)
        self.currency = currency

    def clean_partial_amount(self) -> Decimal:
        try:
            return amount_typed(str(self.cleaned_data["partial_amount"]), self.currency)
        except AmountProblem as problem:
            raise forms.ValidationError(str(problem)) from problem

    @property
    def amount(self) -> Decimal | None:
        found = self.cleaned_data.get("partial_amount")
        return found if isinstance(found, Decimal) else None
