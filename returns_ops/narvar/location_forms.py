"""The admin's forms for return locations: what is typed is judged by the rules of what is sent."""

import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from returns_ops.returns.location_reading import Reading, read_location
from returns_ops.returns.location_snapshot import FIELDS
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.orders import LocationOrder
from returns_ops.returns.transitions import Confirmation

if TYPE_CHECKING:  # Django's forms are generic for the type checker only
    LocationModelForm = forms.ModelForm[ReturnLocation]
else:
    LocationModelForm = forms.ModelForm


class ConfirmedForm(forms.Form):
    """What only a person can know, and on which version of the location they know it."""

    rules_settled = forms.BooleanField(
        required=False,
        label="No rule at Narvar sends parcels to the old address",
    )
    typed_name = forms.CharField(
        required=False, max_length=300, label="The name of the location, typed to confirm"
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    submission_token = forms.UUIDField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, location: ReturnLocation, data: Any = None) -> "ConfirmedForm":
        fresh = {"version": location.version, "submission_token": uuid.uuid4()}
        # Several of them can stand on one page.
        return cls(data, initial=fresh, auto_id=f"id_{location.pk}_%s")

    @property
    def confirmed(self) -> Confirmation:
        return confirmation(self.cleaned_data)


class LocationForm(LocationModelForm):
    rules_settled = forms.BooleanField(
        required=False,
        label="No rule at Narvar sends parcels to the old address",
        help_text="Asked for when the address of a location changes.",
    )
    typed_name = forms.CharField(
        required=False,
        max_length=300,
        label="Name, typed to confirm",
        help_text="As it is now. Asked for when the address of a location changes.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    submission_token = forms.UUIDField(widget=forms.HiddenInput)
    reading: Reading
    refusal = ""  # what an earlier attempt of this request met

    class Meta:
        model = ReturnLocation
        fields = ("shop", *FIELDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = self.instance.version
        self.fields["submission_token"].initial = uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        clean: dict[str, Any] = super().clean() or self.cleaned_data
        # What Django could not read it has told already; each of the others is judged as on
        # the screens, and what it is read as is what is saved.
        cells = {name: _written(clean.get(name)) for name in FIELDS}
        self.reading = read_location(cells)
        for name in self.reading.problems.keys() - self.errors.keys():
            self.add_error(name, self.reading.problems[name])
        if self.refusal:
            raise ValidationError(self.refusal)
        return clean

    @property
    def order(self) -> LocationOrder:
        assert self.reading.order is not None  # else there were errors
        return self.reading.order


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def confirmation(clean: dict[str, Any]) -> Confirmation:
    return Confirmation(rules_settled=clean["rules_settled"], typed_name=clean["typed_name"])
