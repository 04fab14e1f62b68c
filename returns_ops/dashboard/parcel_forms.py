"""What a person says of a box without a return, and which of its units go where."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pycountry
from django import forms
from django.forms.utils import ErrorList
from django.http import QueryDict

from returns_ops.accounts.models import Shop, User
from returns_ops.dashboard.forms import offer
from returns_ops.returns.models import Parcel, ParcelItem
from returns_ops.returns.transitions.matching import Share
from returns_ops.returns.transitions.parcels import MOST_KINDS, Description
from returns_ops.returns.transitions.receiving import MOST_UNITS

# A number, a sign and the SKU, or the other way round; a line without a sign is one unit.
UNITS_FIRST = re.compile(r"(\d{1,4})\s*[x×*]\s+(\S.*)|(\d{1,4})\s*×\s*(\S.*)", re.IGNORECASE)
UNITS_LAST = re.compile(r"(\S.*?)\s+[x×*]\s*(\d{1,4})", re.IGNORECASE)
MUST_SAY = "Say at least one thing that is to be seen of it."


@lru_cache(maxsize=1)
def countries() -> list[tuple[str, str]]:
    known = sorted((one.name, one.alpha_2) for one in pycountry.countries)
    return [("", "Not known"), *((code, name) for name, code in known)]


class ParcelForm(forms.Form):
    tracking_number = forms.CharField(
        label="Tracking number",
        required=False,
        max_length=255,
        help_text="Scan the carrier’s label, or type what can be read of it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    carrier = forms.CharField(
        label="Carrier",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "carriers"}),
    )
    origin_postal_code = forms.CharField(
        label="Sender’s postcode",
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    origin_country = forms.ChoiceField(label="Sender’s country", required=False, choices=countries)
    items = forms.CharField(
        label="What is in it",
        required=False,
        max_length=20_000,
        help_text="One SKU or barcode in each line: scan them one after another. "
        "For several units write “2 × CAP-1”.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "codes"}),
    )
    text = forms.CharField(
        label="What else is to be seen",
        required=False,
        max_length=4000,
        help_text="Names, slips, marks. An order number or an e-mail address helps most.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_items(self) -> list[tuple[str, int]]:
        lines = [line.strip() for line in str(self.cleaned_data["items"]).splitlines()]
        items = [read_line(line) for line in lines if line]
        if len(items) > MOST_KINDS * 4:
            raise forms.ValidationError("This is too much for one parcel.")
        for sku, units in items:
            if not 1 <= units <= MOST_UNITS:
                raise forms.ValidationError(f"{units} × {sku} cannot be: enter 1 unit or more.")
            if len(sku) > 255:
                raise forms.ValidationError(f"{sku[:40]}… is too long for a SKU.")
        return items

    def clean(self) -> dict[str, Any]:
        clean: dict[str, Any] = self.cleaned_data
        said = [name for name in DESCRIBED if clean.get(name)]
        if not said and not self.errors:
            self.add_error("tracking_number", MUST_SAY)
        return clean

    def unlike(self, parcel: Parcel, items: Sequence[ParcelItem]) -> list[tuple[str, str]]:
        """(Label, what is stored) of each field that says something else here."""
        stored = as_typed(parcel, items)
        return [
            (str(self.fields[name].label), stored[name] or "nothing")
            for name in DESCRIBED
            if str(self[name].value() or "").split() != stored[name].split()
        ]

    @property
    def description(self) -> Description:
        return Description(**{name: self.cleaned_data[name] for name in DESCRIBED})


DESCRIBED = (
    "carrier",
    "tracking_number",
    "origin_postal_code",
    "origin_country",
    "text",
    "items",
)


class NewParcelForm(ParcelForm):
    shop = forms.ChoiceField(label="Shop")
    submission_token = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ["shop", "submission_token"]

    def __init__(self, data: QueryDict | None, shops: Sequence[Shop], **initial: str) -> None:
        super().__init__(data, initial={"submission_token": uuid.uuid4(), **initial})
        offer(self.fields["shop"], list(shops))
        if len(shops) == 1:
            self.fields["shop"].widget = forms.HiddenInput()
            self.fields["shop"].initial = shops[0].domain


class EditParcelForm(ParcelForm):
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, parcel: Parcel, items: Sequence[ParcelItem]) -> None:
        super().__init__(data, initial=as_typed(parcel, items))


def as_typed(parcel: Parcel, items: Sequence[ParcelItem]) -> dict[str, str]:
    """What is stored, as a person would type it."""
    facts = {name: str(getattr(parcel, name)) for name in DESCRIBED if name != "items"}
    lines = [one.sku if one.quantity == 1 else f"{one.quantity} × {one.sku}" for one in items]
    return {**facts, "items": "\n".join(lines)}


def read_line(line: str) -> tuple[str, int]:
    """The SKU and its units."""
    first = UNITS_FIRST.fullmatch(line)
    if first:
        return (first[2] or first[4]).strip(), int(first[1] or first[3])
    last = UNITS_LAST.fullmatch(line)
    return (last[1].strip(), int(last[2])) if last else (line, 1)


class OwnerForm(forms.Form):
    """An empty value: nobody looks after it."""

    to = forms.ChoiceField(required=False)

    def __init__(self, data: QueryDict, people: Sequence[User]) -> None:
        super().__init__(data)
        self.people = {str(user.pk): user for user in people}
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Nobody"), *((key, key) for key in self.people)]

    @property
    def owner(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])


class CloseParcelForm(forms.Form):
    because = forms.CharField(
        max_length=500, error_messages={"required": "Say why: it is kept with your name."}
    )
    version = forms.IntegerField(min_value=1)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the return, or one entry of the parcel that is in no line (`item_id` None).

    `entries` are the parcel's own, (id, words), to say which of them these units are; `most`
    is how many units can go into it.
    """

    item_id: int | None
    name: str
    expected: int
    most: int
    suggested: int
    of_id: int | None
    entries: tuple[tuple[int, str], ...] = ()
    kept: bool = False

    @property
    def key(self) -> str:
        return f"item-{self.item_id}" if self.item_id is not None else f"entry-{self.of_id}"


class MatchForm(forms.Form):
    """How many of each go into the return."""

    version = forms.IntegerField(min_value=1)
    finish = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict | None, rows: Sequence[Row], **initial: object) -> None:
        super().__init__(data, initial=initial)
        self.rows = rows
        for row in rows:
            if not row.most:
                continue
            wrong = f"Enter a number from 0 to {row.most}."
            errors = dict.fromkeys(("invalid", "min_value", "max_value"), wrong)
            self.fields[row.key] = forms.IntegerField(
                required=False,
                min_value=0,
                max_value=row.most,
                initial=row.suggested,
                error_messages=errors,
            )
            if row.entries:
                self.fields[f"{row.key}-of"] = forms.TypedChoiceField(
                    required=False,
                    coerce=int,
                    empty_value=None,
                    choices=[("", "Not on its list"), *row.entries],
                )

    @property
    def shares(self) -> list[Share]:
        return [
            Share(quantity=units, item_id=row.item_id, of_id=self._entry(row))
            for row in self.rows
            if (units := self.cleaned_data.get(row.key))
        ]

    def _entry(self, row: Row) -> int | None:
        chosen: Mapping[str, Any] = self.cleaned_data
        return chosen[f"{row.key}-of"] if row.entries else row.of_id

    @property
    def lines(self) -> list[tuple[Row, forms.BoundField | None, forms.BoundField | None]]:
        """Each row with its number, unless all of it is counted, and with what it is."""
        known = {name: self[name] for name in self.fields}
        return [(row, known.get(row.key), known.get(f"{row.key}-of")) for row in self.rows]


def first_error(errors: Mapping[str, ErrorList]) -> str:
    return next((str(found[0]) for found in errors.values() if found), "")
