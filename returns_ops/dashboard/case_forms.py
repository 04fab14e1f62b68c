"""What people type at a case."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.show.formats import zone_of

LONGEST_TO_NARVAR = 500
NINE = time(9)


class Lines(forms.CharField):
    """A browser counts a line's end as one character, and sends two."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(str(value or "").replace("\r\n", "\n")))


class CaseNoteForm(forms.Form):
    """An internal note, or one that Narvar hears too."""

    note = Lines(max_length=4000, error_messages={"required": "Write something first."})
    to = forms.ChoiceField(choices=[("us", "us"), ("narvar", "narvar")])
    submission_token = forms.UUIDField()
    rma_version = forms.IntegerField(min_value=1, required=False)

    @property
    def problem(self) -> str:
        return " ".join(str(text) for texts in self.errors.values() for text in texts)

    def clean(self) -> None:
        note = str(self.cleaned_data.get("note", ""))
        if self.cleaned_data.get("to") == "narvar" and len(note) > LONGEST_TO_NARVAR:
            raise forms.ValidationError(f"Narvar takes at most {LONGEST_TO_NARVAR} characters.")


class SeenForm(forms.Form):
    """Of which state of things a person decides."""

    version = forms.IntegerField(min_value=1)
    rma_version = forms.IntegerField(min_value=1, required=False)
    submission_token = forms.UUIDField()


class MacroForm(SeenForm):
    macro_version = forms.IntegerField(min_value=1)


class ActForm(SeenForm):
    """Which way was taken, and where to go then."""

    action = forms.CharField(max_length=32)
    then = forms.CharField(max_length=8, required=False)


class FindingsForm(forms.Form):
    findings = forms.CharField(max_length=10_000, required=False, strip=False)
    version = forms.IntegerField(min_value=1)

    @property
    def problem(self) -> str:
        if "version" in self.errors:
            return "This form did not arrive whole. Save it again."
        return " ".join(str(text) for text in self.errors["findings"])


class SnoozeProblem(ValueError):
    """In words for the person."""


def snooze_of(data: QueryDict, shop: Shop, now: datetime) -> tuple[datetime | None, bool]:
    """Until when, and whether a change wakes it before. Times are the shop's own."""
    until, change = data.get("until", ""), data.get("until") == "change"
    if change:
        return None, True
    local = now.astimezone(zone_of(shop.timezone))
    match until:
        case "1h" | "3h":
            return now + timedelta(hours=int(until[0])), False
        case "tomorrow":
            return _at_nine(local, 1), False
        case "monday":
            return _at_nine(local, 7 - local.weekday()), False
    return typed_time(data.get("at", ""), shop), bool(data.get("or_change"))


def _at_nine(local: datetime, days: int) -> datetime:
    return datetime.combine(local.date() + timedelta(days=days), NINE, local.tzinfo)


def typed_time(text: str, shop: Shop) -> datetime:
    """As the field of a browser writes it, in the shop's own time. Raises SnoozeProblem."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone_of(shop.timezone))
    except (ValueError, OverflowError):
        raise SnoozeProblem("Say until when: choose a day and a time.") from None
