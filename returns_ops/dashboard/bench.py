"""What a device remembers of itself: which bench it is, and how it looks, sounds and scans.

Benches are shared, so this belongs to the device and not to the person: a signed cookie keeps it.
"""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core import signing
from django.db.models import QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse, QueryDict

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.returns.models import ReturnLocation

COOKIE = "bench"
KEPT = timedelta(days=400)  # no browser keeps a cookie for longer
LONGEST_NAME = 64
SMALLEST_GAP, USUAL_GAP, LARGEST_GAP = 20, 45, 80  # milliseconds between two keys of a scanner


class Density(TextChoices):
    BENCH = (
        "bench",
        "Bench: large text and large buttons, for gloves and for a screen at arm’s length",
    )
    DESK = "desk", "Desk: as on every other screen"


@dataclass(frozen=True)
class BenchDevice:
    """`location` is the id of a ReturnLocation, `gap` is in milliseconds."""

    name: str = ""
    location: int | None = None
    density: str = Density.DESK
    sound: bool = True
    gap: int = USUAL_GAP


def bench_of(request: HttpRequest) -> BenchDevice:
    """Never raises: a cookie that is missing, old or forged is as good as none."""
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE)
    except signing.BadSignature:
        return BenchDevice()
    return _read(kept)


def _read(kept: Any) -> BenchDevice:
    match kept:
        case {
            "name": str(name),
            "location": int() | None as location,
            "density": "bench" | "desk" as density,
            "sound": bool(sound),
            "gap": int(gap),
        } if len(name) <= LONGEST_NAME and SMALLEST_GAP <= gap <= LARGEST_GAP:
            return BenchDevice(name, location, density, sound, gap)
    return BenchDevice()


def remember(response: HttpResponse, device: BenchDevice) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps(asdict(device), salt=COOKIE),
        max_age=KEPT,
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def locations_of(access: Access) -> QuerySet[ReturnLocation]:
    """Where this person may receive returns."""
    shops = access.shops_with(Permission.RECEIVE)
    there = ReturnLocation.objects.filter(shop__in=shops).select_related("shop")
    return there.exclude(sync=ReturnLocation.Sync.DELETED)


def location_of(access: Access, device: BenchDevice) -> ReturnLocation | None:
    """None as well when the device stands at a place of shops that are not this person's."""
    if device.location is None:
        return None
    return locations_of(access).filter(pk=device.location).first()


if TYPE_CHECKING:
    LocationField = forms.ModelChoiceField[ReturnLocation]
else:  # not generic while it runs
    LocationField = forms.ModelChoiceField


class LocationChoice(LocationField):
    def label_from_instance(self, obj: ReturnLocation) -> str:
        return f"{obj.name} ({obj.shop.domain})"


class GapForm(forms.Form):
    gap = forms.IntegerField(
        min_value=SMALLEST_GAP,
        max_value=LARGEST_GAP,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            f"Enter a whole number from {SMALLEST_GAP} to {LARGEST_GAP}.",
        ),
    )

    def of(self, device: BenchDevice) -> BenchDevice:
        """The device with what was filled in; call it when the form is valid."""
        return replace(device, gap=self.cleaned_data["gap"])


class BenchForm(GapForm):
    name = forms.CharField(
        required=False,
        max_length=LONGEST_NAME,
        error_messages={"max_length": f"Use at most {LONGEST_NAME} characters."},
    )
    location = LocationChoice(
        queryset=ReturnLocation.objects.none(),
        required=False,
        empty_label="Not said",
        error_messages={"invalid_choice": "Choose one of the locations in the list."},
    )
    density = forms.ChoiceField(
        choices=Density.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose one of the two."),
    )
    sound = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict | None, device: BenchDevice, access: Access) -> None:
        super().__init__(data, initial=asdict(device))
        location = self.fields["location"]
        assert isinstance(location, LocationChoice)
        location.queryset = locations_of(access)

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def of(self, device: BenchDevice) -> BenchDevice:
        clean = self.cleaned_data
        location = clean["location"]
        return BenchDevice(
            name=clean["name"],
            location=location.pk if location else None,
            density=clean["density"],
            sound=clean["sound"],
            gap=clean["gap"],
        )
