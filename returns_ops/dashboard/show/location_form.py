"""The form of a location as it is shown: what was read, what is wrong, what follows from it."""

from dataclasses import dataclass
from typing import NamedTuple

from django.forms import BoundField

from returns_ops.dashboard.access import Access
from returns_ops.dashboard.location_forms import POINT, LocationForm
from returns_ops.dashboard.show.location import heading_in_words
from returns_ops.dashboard.show.locator import Locator, locator_of
from returns_ops.narvar.locations import Standing, standing
from returns_ops.returns.coordinates import Point
from returns_ops.returns.location_doubts import Doubted
from returns_ops.returns.location_list import nearest
from returns_ops.returns.location_use import Use, use_of
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.phone_numbers import spoken
from returns_ops.returns.postcodes import form_of
from returns_ops.returns.regions import country_name, states

PLACE = {*POINT, "fix", "country_code"}


class Said(NamedTuple):
    """What is told below a field. `note`: as it was read."""

    error: str = ""
    doubt: str = ""
    note: str = ""


@dataclass(frozen=True)
class Where:
    """The point, and what is to be said of it."""

    said: Said
    doubts: list[Doubted]
    locator: Locator | None


@dataclass(frozen=True)
class Checked:
    """What a change of one field changes on the page."""

    field: BoundField | None
    said: Said
    where: Where | None
    region: bool
    filled: bool
    whole: bool


@dataclass(frozen=True)
class FormPage:
    form: LocationForm
    location: ReturnLocation | None
    said: dict[str, Said]
    where: Where
    standing: Standing | None
    stored: list[tuple[str, str]]
    use: Use | None
    moving: str
    problem: str

    @property
    def certain(self) -> str:
        return heading_in_words(self.use.certain) if self.use else ""

    @property
    def guessed(self) -> str:
        return heading_in_words(self.use.guessed) if self.use else ""

    @property
    def wrong(self) -> bool:
        return bool(self.form.is_bound and self.form.errors)

    @property
    def in_doubt(self) -> list[Doubted]:
        asked = self.form.is_bound and not self.form.errors
        return self.form.open_doubts if asked and self.form.unsure else []


def form_page(
    access: Access,
    form: LocationForm,
    *,
    asked: bool = True,
    moving: str = "",
    problem: str = "",
) -> FormPage:
    """`asked`: the person wanted to save; else nothing is told of what is still missing."""
    location = form.location
    if form.is_bound:
        form.is_valid()
    if not asked:
        _forgive(form)
    return FormPage(
        form=form,
        location=location,
        said={name: said_of(form, name) for name in form.fields},
        where=where_of(access, form),
        standing=standing(location.shop) if location else None,
        stored=_stored(location, form) if problem and location else [],
        use=use_of(location) if moving and location else None,
        moving=moving,
        problem=problem,
    )


def _forgive(form: LocationForm) -> None:
    """What is still empty is not wrong yet."""
    for name in form.errors.keys() & form.fields.keys():
        if not form[name].value():
            del form.errors[name]


def _stored(location: ReturnLocation, form: LocationForm) -> list[tuple[str, str]]:
    """(Label, what is stored) where somebody wrote something else meanwhile."""
    fresh = LocationForm(None, [location.shop], location)
    return [
        (str(form.fields[name].label), str(fresh[name].value() or "nothing"))
        for name in form.fields
        if form.fields[name].label
        and name in fresh.initial
        and str(form[name].value() or "") != str(fresh[name].value() or "")
    ]


def said_of(form: LocationForm, name: str) -> Said:
    errors = form.errors.get(name) if form.is_bound else None
    if errors:
        return Said(error=str(errors[0]))
    doubt = next((one.text for one in form.doubts if one.field == name and name not in POINT), "")
    return Said(doubt=doubt, note=_note(form, name))


def _note(form: LocationForm, name: str) -> str:
    clean = getattr(form, "cleaned_data", {})
    if name == "phone" and clean.get("phone"):
        return f"Saved as {clean['phone']}, read as {spoken(clean['phone'])}"
    country = str(form["country_code"].value() or "")
    if name == "postal_code" and country and not str(form[name].value() or ""):
        form_there = form_of(country)
        return f"{form_there.name}, like {form_there.example}" if form_there.example else ""
    if name == "state_code" and country and [code for code, _ in states(country)] == [country]:
        return f"{country_name(country)} has no states: Narvar gets its own name."
    return ""


def where_of(access: Access, form: LocationForm) -> Where:
    errors = [form.errors[name][0] for name in POINT if form.is_bound and name in form.errors]
    point, country = form.point, str(form["country_code"].value() or "")
    impossible = {one.text for one in form.doubts if one.impossible}
    shown = next((str(one) for one in errors if str(one) not in impossible), "")
    return Where(
        said=Said(error=shown),
        doubts=[one for one in form.doubts if one.field == "latitude"],
        locator=locator_of(point, country, _others(access, form, point)) if point else None,
    )


def _others(access: Access, form: LocationForm, point: Point) -> list[ReturnLocation]:
    """Of its own shop, which for a new one is chosen in the form."""
    if form.location:
        return nearest(form.location.shop_id, point, but=form.location.pk)
    domain = str(form["shop"].value() or "")
    return [
        one
        for shop in access.shops
        if shop.domain == domain or len(access.shops) == 1
        for one in nearest(shop.pk, point)
    ]


def checked(access: Access, form: LocationForm, field: str) -> Checked:
    form.is_valid()
    if field in POINT:
        for name in ("latitude", "longitude"):
            if not str(form[name].value() or "") and name in form.errors:
                del form.errors[name]
    known = field in form.fields
    return Checked(
        field=form[field] if known else None,
        said=said_of(form, field) if known else Said(),
        where=where_of(access, form) if field in PLACE else None,
        region=field == "country_code",
        filled=field in ("pasted", "fix"),
        whole=field == "fix",
    )
