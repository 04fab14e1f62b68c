"""The form of a return location: what is typed is checked, told by its field, and never lost."""

from collections.abc import Callable

import pytest
from django.test import Client

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command
from returns_ops.returns.models import ReturnLocation
from tests.builders import make_staff
from tests.dashboard.location_pages import ANDOVER, add, hidden, open_form, text, the_only


@pytest.fixture
def lola(shop: Shop, log_in: Callable[[User], Client]) -> Client:
    """A location admin's browser; nothing that she asks for is sent."""
    return log_in(make_staff("lola", shop, Role.LOCATION_ADMIN))


def test_a_double_click_adds_one(lola: Client) -> None:
    form = {**open_form(lola, "/locations/new/"), **ANDOVER}

    first, second = (lola.post("/locations/new/", form) for _ in range(2))

    assert first["Location"] == second["Location"] == the_only().get_absolute_url()
    assert Command.objects.count() == 1


BAD = [
    ({"name": ""}, "Enter the name."),
    ({"name": "x" * 10_000}, "longer than 255 characters"),
    ({"name": "a\x00b"}, "characters that cannot be sent"),
    ({"city": "\x07"}, "characters that cannot be sent"),
    ({"phone": "call the desk"}, "This is no phone number."),
    ({"latitude": "91"}, "A latitude of 91 is no place on earth"),
    ({"longitude": "east"}, "Write degrees, like -71.137."),
    ({"latitude": "", "longitude": ""}, "Enter both, or paste the coordinates above."),
    ({"pasted": "behind the mill"}, "These are no coordinates we can read."),
    ({"state_code": "BY"}, "The country has no such state."),
    ({"country_code": "XX"}, "Choose"),
    ({"postal_code": "1810"}, "ZIP codes there look like"),
    ({"latitude": "0", "longitude": "0"}, "in the sea off Africa"),
    ({"latitude": "-71.137", "longitude": "42.6583"}, "Swap the two: 42.6583, -71.137"),
    ({"longitude": "71.137"}, "Turn east and west: 42.6583, -71.137"),
    ({"accepts_mail": ""}, "neither by mail nor in store"),
    ({"name": "<script>alert(1)</script>", "phone": "?"}, "&lt;script&gt;alert(1)"),
]


@pytest.mark.parametrize(("typed", "said"), BAD)
def test_bad_input_is_told_by_the_field_and_nothing_is_lost(
    typed: dict[str, str], said: str, lola: Client
) -> None:
    answer = add(lola, **typed)

    page = text(answer)
    assert answer.status_code == 422
    assert said in page
    assert "data-focus" in page
    assert "<script>alert(1)</script>" not in page
    for name in ("address1", "city", "postal_code", "phone", "name"):
        value = {**ANDOVER, **typed}[name]
        if value.isalnum():
            assert f'value="{value}"' in page
    assert not ReturnLocation.objects.exists()
    assert not Command.objects.exists()


def test_what_is_doubtful_is_saved_by_somebody_who_is_sure(lola: Client) -> None:
    """Narvar's own example: an address in California, a point in the Atlantic."""
    far = {"latitude": "12.22", "longitude": "-24.33"}
    first = add(lola, **far)
    assert first.status_code == 422
    mark = hidden(text(first))["doubted"]

    other = add(lola, **far, postal_code="1", sure="1", doubted=mark)
    assert other.status_code == 422  # sure of something else
    assert add(lola, **far, sure="1", doubted=mark).status_code == 302
    assert the_only().narvar_id == ""


def test_a_point_is_pasted_or_mended_without_saving(lola: Client) -> None:
    link = "https://www.google.com/maps/place/Dock/@42.1,-71.9,17z/data=!3d42.6583!4d-71.137"
    assert add(lola, latitude="", longitude="", pasted=link).status_code == 302
    assert str(the_only().latitude) == "42.658300"

    mended = add(lola, latitude="-71.137", longitude="42.6583", fix="42.6583, -71.137", name="")
    page = text(mended)
    assert mended.status_code == 200
    assert 'name="latitude" value="42.6583"' in page
    assert "Enter the name." not in page


def test_the_states_of_a_country_come_without_script(lola: Client) -> None:
    page = text(add(lola, country_code="CA", state_code="", look="states"))

    assert ">Ontario (ON)<" in page
    assert "Choose the state" not in page


LIVE = [
    ("phone", {"phone": "415 555 5555"}, "Saved as +14155555555"),
    ("phone", {"phone": "call me"}, "This is no phone number."),
    ("name", {"name": ""}, "Enter the name."),
    ("postal_code", {"postal_code": "07114"}, "07114 is no ZIP code of Massachusetts."),
    ("country_code", {"country_code": "DE", "state_code": ""}, ">Bayern (BY)<"),
    ("pasted", {"pasted": "42 39 30 N 71 8 13 W"}, 'name="latitude" value="42.658333"'),
    ("latitude", {"latitude": "91"}, "no place on earth"),
    ("longitude", {"longitude": "-71.137"}, "42° 39′ 29.9″ N, 71° 8′ 13.2″ W"),
    ("fix", {"fix": "42.6583, -71.137"}, 'id="where"'),
]


@pytest.mark.parametrize(("field", "typed", "said"), LIVE)
def test_a_field_is_checked_while_the_form_is_filled_in(
    field: str, typed: dict[str, str], said: str, lola: Client
) -> None:
    form = {**open_form(lola, "/locations/new/"), **ANDOVER, **typed}

    answer = lola.post(f"/locations/validate/{field}/", form, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert said in text(answer)
    assert "<html" not in text(answer)
    assert not Command.objects.exists()


def test_only_fields_are_checked(lola: Client) -> None:
    assert lola.post("/locations/validate/nothing/").status_code == 404
