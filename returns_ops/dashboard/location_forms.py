"""What a person says of a return location, checked field by field, live and once more on submit."""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from returns_ops.accounts.models import Shop
from returns_ops.dashboard.forms import ANY, offer
from returns_ops.returns import regions
from returns_ops.returns.coordinates import Point, Unreadable, plain, read_point
from returns_ops.returns.location_doubts import Doubted, doubts_of
from returns_ops.returns.location_faults import faults_of
from returns_ops.returns.location_list import FOLLOWED, LocationFilter
from returns_ops.returns.location_reading import read_degrees
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.orders import LocationOrder
from returns_ops.returns.phone_numbers import read_phone, spoken
from returns_ops.returns.postcodes import tidy
from returns_ops.returns.transitions import Confirmation

TYPED = ("name", "address1", "address2", "city", "postal_code", "phone")
POINT = ("latitude", "longitude", "pasted")
UNSEEN = {"autocomplete": "off", "spellcheck": "false"}
COORDINATES_MISSING = "Enter both, or paste the coordinates above."


def _sendable(name: str) -> Callable[[str], None]:
    """The same rule as for what is sent."""

    def judge(value: str) -> None:
        fault = faults_of({name: value}).get(name)
        if fault:
            raise forms.ValidationError(fault)

    return judge


def _text(label: str, name: str, complete: str, **more: Any) -> forms.CharField:
    missing = {"required": f"Enter the {label.lower()}."}
    widget = forms.TextInput(attrs={"autocomplete": complete})
    return forms.CharField(
        label=label, validators=[_sendable(name)], error_messages=missing, widget=widget, **more
    )


class ConfirmForm(forms.Form):
    """What only a person can know, before parcels go elsewhere."""

    rules_settled = forms.BooleanField(required=False)
    typed_name = forms.CharField(
        label="Type the name of the location",
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs=UNSEEN),
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    submission_token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, location: ReturnLocation) -> None:
        fresh = {"version": location.version, "submission_token": uuid.uuid4()}
        super().__init__(data, initial=fresh)

    @property
    def confirmed(self) -> Confirmation:
        return confirmation(self.cleaned_data)


def confirmation(clean: dict[str, Any]) -> Confirmation:
    return Confirmation(rules_settled=clean["rules_settled"], typed_name=clean["typed_name"])


class LocationForm(forms.Form):
    """One location, whole. `location` is None for a new one."""

    name = _text("Name", "name", "off")
    country_code = forms.ChoiceField(
        label="Country", error_messages={"required": "Choose the country."}
    )
    address1 = _text("Address", "address1", "address-line1")
    address2 = _text("Second address line", "address2", "address-line2", required=False)
    city = _text("City", "city", "address-level2")
    state_code = forms.ChoiceField(
        label="State or region",
        error_messages={
            "required": "Choose the state or region.",
            "invalid_choice": "The country has no such state. Choose one of the list.",
        },
    )
    postal_code = _text("Postcode", "postal_code", "postal-code")
    phone = forms.CharField(
        label="Phone",
        error_messages={"required": "Enter a phone number: carriers call it."},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    accepts_mail = forms.BooleanField(label="Takes returns by mail", required=False)
    accepts_in_store = forms.BooleanField(label="Takes returns in store", required=False)
    pasted = forms.CharField(
        label="Paste coordinates, or the link of a map",
        required=False,
        widget=forms.TextInput(attrs={**UNSEEN, "placeholder": "42.6583, -71.1370"}),
    )
    latitude = forms.CharField(
        label="Latitude", required=False, widget=forms.TextInput(attrs=UNSEEN)
    )
    longitude = forms.CharField(
        label="Longitude", required=False, widget=forms.TextInput(attrs=UNSEEN)
    )
    sure = forms.BooleanField(required=False)
    doubted = forms.CharField(required=False, max_length=32)
    rules_settled = forms.BooleanField(required=False)
    typed_name = forms.CharField(required=False, max_length=300)
    shop = forms.ChoiceField(label="Shop", required=False)
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    submission_token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None,
        shops: Sequence[Shop],
        location: ReturnLocation | None = None,
        *,
        country: str = "",
    ) -> None:
        fresh = {"submission_token": uuid.uuid4(), "country_code": country}
        known = initial_of(location) if location else {}
        super().__init__(placed(data), initial={**fresh, **known}, auto_id="%s")
        self.location = location
        self.doubts: list[Doubted] = []
        self._offer(shops)

    def _offer(self, shops: Sequence[Shop]) -> None:
        chosen = str(self["country_code"].value() or "")
        _choose(self.fields["country_code"], regions.countries())
        _choose(self.fields["state_code"], regions.states(chosen))
        offer(self.fields["shop"], list(shops))
        if len(shops) == 1:
            self.fields["shop"].initial = shops[0].domain

    def clean_postal_code(self) -> str:
        return tidy(self.cleaned_data["postal_code"], self.cleaned_data.get("country_code", ""))

    def clean_phone(self) -> str:
        try:
            country = self.cleaned_data.get("country_code", "")
            return read_phone(self.cleaned_data["phone"], country).e164
        except Unreadable as problem:
            raise forms.ValidationError(str(problem)) from problem

    def clean_pasted(self) -> str:
        """Whatever could be read went into the two fields."""
        pasted = str(self.cleaned_data["pasted"])
        if pasted:
            try:
                read_point(pasted)
            except Unreadable as problem:
                raise forms.ValidationError(str(problem)) from problem
        return pasted

    def clean_latitude(self) -> str:
        return self._degrees("latitude")

    def clean_longitude(self) -> str:
        return self._degrees("longitude")

    def _degrees(self, name: str) -> str:
        typed = str(self.cleaned_data[name])
        try:
            return plain(read_degrees(name, typed)) if typed else ""
        except Unreadable as problem:
            raise forms.ValidationError(str(problem)) from problem

    def clean(self) -> dict[str, Any]:
        clean: dict[str, Any] = self.cleaned_data
        if not self.errors.keys() & set(POINT):
            missing = [name for name in ("latitude", "longitude") if not clean.get(name)]
            for name in missing:
                self.add_error(name, COORDINATES_MISSING)
        self.doubts = doubts_of(self.point, clean)
        for doubt in self.doubts:
            if doubt.impossible:
                self.add_error(doubt.field, doubt.text)
        return clean

    @property
    def point(self) -> Point | None:
        """As far as it can be read."""
        clean = getattr(self, "cleaned_data", {})
        if not self.is_bound:
            clean = {name: self.initial.get(name, "") for name in ("latitude", "longitude")}
        found = [str(clean.get(name) or "") for name in ("latitude", "longitude")]
        if not all(found):
            return None
        return Point(read_degrees("latitude", found[0]), read_degrees("longitude", found[1]))

    @property
    def open_doubts(self) -> list[Doubted]:
        """What was changed to something doubtful: somebody has to be sure of it."""
        changed = set(self.changed_data) if self.location else set(self.fields)
        return [one for one in self.doubts if not one.impossible and changed & set(one.about)]

    @property
    def doubt_mark(self) -> str:
        """What the person is sure of: another doubt needs another yes."""
        texts = "\n".join(one.text for one in self.open_doubts)
        return hashlib.sha256(texts.encode()).hexdigest()[:16]

    @property
    def unsure(self) -> bool:
        clean = self.cleaned_data
        said = clean["sure"] and clean["doubted"] == self.doubt_mark
        return bool(self.open_doubts) and not said

    def order(self) -> LocationOrder:
        clean = self.cleaned_data
        return LocationOrder(
            **{name: clean[name].strip() for name in TYPED},
            **self._region(),
            latitude=read_degrees("latitude", clean["latitude"]),
            longitude=read_degrees("longitude", clean["longitude"]),
            accepts_mail=clean["accepts_mail"],
            accepts_in_store=clean["accepts_in_store"],
        )

    def _region(self) -> dict[str, str]:
        """All four; a name that Narvar writes in its own way stays while its code does."""
        codes = self.cleaned_data["country_code"], self.cleaned_data["state_code"]
        found = regions.region(*codes)
        assert found is not None  # the choices are from there
        names = {"country": found.country, "state": found.state}
        was = self.location
        if was and was.country and was.country_code == codes[0]:
            names["country"] = was.country
            if was.state and was.state_code == codes[1]:
                names["state"] = was.state
        return {**names, "country_code": codes[0], "state_code": codes[1]}


def placed(data: QueryDict | None) -> QueryDict | None:
    """A point that was pasted, chosen or typed into one field goes into the two."""
    if data is None:
        return None
    filled = data.copy()
    for name in ("fix", "pasted", "latitude", "longitude"):
        try:
            point = read_point(filled.get(name, ""))
        except Unreadable:
            continue
        filled["latitude"], filled["longitude"] = plain(point.latitude), plain(point.longitude)
        filled["pasted"] = ""
        break
    return filled


def initial_of(location: ReturnLocation) -> dict[str, Any]:
    """As a person would type it; a region that Narvar spells otherwise is found by its names."""
    country = regions.country_of(location.country_code) or regions.country_of(location.country)
    state = regions.state_of(location.state_code, country)
    known = {name: getattr(location, name) for name in TYPED}
    return {
        **known,
        "phone": spoken(location.phone),
        "country_code": country,
        "state_code": state or regions.state_of(location.state, country),
        "latitude": "" if location.latitude is None else plain(location.latitude),
        "longitude": "" if location.longitude is None else plain(location.longitude),
        "accepts_mail": location.accepts_mail,
        "accepts_in_store": location.accepts_in_store,
        "version": location.version,
    }


def _choose(field: forms.Field, choices: Sequence[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    shown = [(code, name if code == name else f"{name} ({code})") for code, name in choices]
    field.choices = [("", "Choose"), *shown]


YES_NO = [*ANY, ("yes", "Yes"), ("no", "No")]
SAID = {"yes": True, "no": False}


class LocationFilterForm(forms.Form):
    """What the address of the list asks for. A value it does not know is as good as none."""

    q = forms.CharField(label="Find", required=False, max_length=255)
    country = forms.ChoiceField(label="Country", required=False)
    mail = forms.ChoiceField(label="By mail", required=False, choices=YES_NO)
    store = forms.ChoiceField(label="In store", required=False, choices=YES_NO)
    used = forms.ChoiceField(
        label="In use",
        required=False,
        choices=[*ANY, ("yes", "Open returns go there"), ("no", "None does")],
    )
    sync = forms.ChoiceField(
        label="At Narvar",
        required=False,
        choices=[
            ("", "Not removed"),
            *ReturnLocation.Sync.choices,
            (FOLLOWED, "Changed at Narvar, not looked at"),
        ],
    )
    shop = forms.CharField(required=False, max_length=255)

    SELECTS = ("country", "mail", "store", "used", "sync")

    def __init__(self, data: QueryDict, countries: Sequence[tuple[str, str]]) -> None:
        super().__init__(data, auto_id="%s")
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)
        country.choices = [*ANY, *countries]
        self.is_valid()

    def value(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    def active(self) -> dict[str, str]:
        return {name: self.value(name) for name in self.fields if self.value(name)}

    def wanted(self) -> LocationFilter:
        return LocationFilter(
            q=self.value("q").strip().replace("\x00", ""),
            country_code=self.value("country"),
            accepts_in_store=SAID.get(self.value("store")),
            accepts_mail=SAID.get(self.value("mail")),
            sync=self.value("sync"),
            in_use=SAID.get(self.value("used")),
        )
