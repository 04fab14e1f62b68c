"""Return locations on the screen, against the running simulator: each act to its end."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import locations
from returns_ops.narvar.lookup import LookupFailed
from returns_ops.returns.models import LocationChange, ReturnLocation
from tests.builders import make_package, make_rma, make_shop, make_staff
from tests.circle import Circle
from tests.dashboard.location_pages import ANDOVER, add, delete, edit, hidden, open_form
from tests.narvar.asking import calls, look, saved, staff
from tests.narvar.test_return_locations import at_narvar, elsewhere

Sync = ReturnLocation.Sync
LogIn = Callable[[User], Client]
SURE = {"rules_settled": "1", "typed_name": "andover dc "}


@pytest.fixture
def lola(circle: Circle, log_in: LogIn) -> Client:
    """A location admin's browser."""
    return log_in(staff(circle, Role.LOCATION_ADMIN))


def text(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


def the_only() -> ReturnLocation:
    return ReturnLocation.objects.get(removed_at=None)


def settled(circle: Circle) -> None:
    circle.send()
    look()


@pytest.fixture
def andover(circle: Circle, lola: Client) -> ReturnLocation:
    """One that was made on the screen, and is at Narvar."""
    add(lola)
    settled(circle)
    return the_only()


def test_a_location_is_added_and_goes_full_circle(circle: Circle, lola: Client) -> None:
    answer = add(lola)

    location = the_only()
    assert answer["Location"] == location.get_absolute_url()
    assert "Queued" in text(lola.get("/locations/"))
    settled(circle)
    (shown,) = at_narvar(circle)
    assert shown["name"] == "Andover DC"
    assert shown["location"]["phone"] == "+14155555555"  # of 1-415-555-5555, as Narvar writes it
    region = ("state", "state_code", "country", "country_code")
    found = tuple(shown["location"][name] for name in region)
    assert found == ("Massachusetts", "MA", "United States", "US")
    assert "As at Narvar" in text(lola.get(location.get_absolute_url()))


def test_a_double_click_adds_one(lola: Client) -> None:
    form = {**open_form(lola, "/locations/new/"), **ANDOVER}

    first, second = (lola.post("/locations/new/", form) for _ in range(2))

    assert first["Location"] == second["Location"] == the_only().get_absolute_url()
    assert Command.objects.count() == 1


def test_a_time_out_on_adding_ends_with_one_location(circle: Circle, lola: Client) -> None:
    add(lola)
    circle.narvar.fail_next("create_location", "act_then_reset")
    circle.send()
    assert "Outcome unknown" in text(lola.get("/locations/"))

    circle.send(tries=8)
    look()

    assert len(at_narvar(circle)) == calls(circle, "create_location") == 1
    assert "As at Narvar" in text(lola.get("/locations/"))


def test_a_location_is_edited(circle: Circle, lola: Client, andover: ReturnLocation) -> None:
    answer = edit(lola, andover, phone="(978) 555-0100", accepts_in_store="on")

    assert answer.status_code == 302
    settled(circle)
    (shown,) = at_narvar(circle)
    assert (shown["location"]["phone"], shown["accept_in_store_returns"]) == ("+19785550100", True)
    page = text(lola.get(andover.get_absolute_url()))
    assert "+1 978-555-0100" in page
    assert "<del><bdi>+14155555555</bdi></del>" in page


def test_another_address_shows_its_consequences_and_wants_the_name(
    circle: Circle, lola: Client, andover: ReturnLocation
) -> None:
    rma = make_rma(circle.shop, "RM-ON-ITS-WAY")
    make_package(rma, destination_id=andover.narvar_id)

    first = edit(lola, andover, address1="14 Main Road")
    assert first.status_code == 422
    assert "The address changes. Nothing was saved yet." in text(first)
    assert "<strong>1 return, 49.99 USD</strong> on the way there for certain" in text(first)
    wrong = edit(lola, andover, address1="14 Main Road", **{**SURE, "typed_name": "Dock"})
    assert wrong.status_code == 422
    assert "type “Andover DC” to confirm" in text(wrong).replace("&quot;", '"')
    assert calls(circle, "update_location") == 0

    assert edit(lola, andover, address1="14 Main Road", **SURE).status_code == 302
    settled(circle)
    assert at_narvar(circle)[0]["location"]["address1"] == "14 Main Road"


def test_a_location_is_deleted_once_the_person_is_sure(
    circle: Circle, lola: Client, andover: ReturnLocation
) -> None:
    rma = make_rma(circle.shop, "RM-GUESSED")
    make_package(rma, destination_postal_code="01810", destination_city="Andover")
    page = text(lola.get(f"{andover.get_absolute_url()}delete/"))
    assert "Ensure all rules associated with this location are deleted." in page
    assert "Probably: 1 return, 49.99 USD" in page
    for typed in ({}, {"typed_name": "Andover DC"}, {"rules_settled": "1"}):
        assert delete(lola, andover, **typed).status_code == 422
    assert Command.objects.filter(kind="delete_location").count() == 0

    assert delete(lola, andover, **SURE).status_code == 302

    settled(circle)
    assert at_narvar(circle) == []
    andover.refresh_from_db()
    assert andover.sync == Sync.DELETED
    assert "Andover DC" not in text(lola.get("/locations/"))
    assert "Andover DC" in text(lola.get("/locations/", {"sync": "deleted"}))
    tombstone = text(lola.get(andover.get_absolute_url()))
    assert "It stays here because returns point at it" in tombstone
    assert "edit/" not in tombstone


def test_a_held_change_is_undone_held_longer_and_released(
    circle: Circle, lola: Client, andover: ReturnLocation, settings: Any
) -> None:
    settings.HOLD_SECONDS = 600
    edit(lola, andover, name="Gate")
    page = text(lola.get(andover.get_absolute_url()))
    assert "Held, sent in" in page
    command = Command.objects.latest("id")
    undo = f"{andover.get_absolute_url()}undo/{command.pk}/"

    lola.post(undo, {"act": "hold"})
    assert "On hold until somebody releases it" in text(lola.get(andover.get_absolute_url()))
    lola.post(undo, {"act": "release"})
    lola.post(undo, {"act": "hold"})
    assert lola.post(undo, {"act": "undo"}).status_code == 302

    andover.refresh_from_db()
    command.refresh_from_db()
    assert (andover.name, andover.sync) == ("Andover DC", Sync.IN_SYNC)
    assert command.state == CommandState.CANCELLED
    assert calls(circle, "update_location") == 0


def test_an_addition_that_is_undone_leaves_nothing_at_narvar(
    circle: Circle, lola: Client, settings: Any
) -> None:
    settings.HOLD_SECONDS = 600
    add(lola)
    command = Command.objects.get()

    answer = lola.post(f"{the_only().get_absolute_url()}undo/{command.pk}/", follow=True)

    assert answer.status_code == 200
    assert calls(circle, "create_location") == 0
    assert not ReturnLocation.objects.filter(removed_at=None).exists()


@pytest.mark.parametrize("keep", ["ours", "theirs"])
def test_both_changed_it_and_a_person_decides(
    keep: str, circle: Circle, lola: Client, andover: ReturnLocation
) -> None:
    edit(lola, andover, name="Gate 1")
    elsewhere(circle, "PUT", name="Gate 2")
    circle.send()
    locations.sync_locations(circle.shop)
    page = text(lola.get(andover.get_absolute_url()))
    assert "Compare and decide" in page
    url = f"{andover.get_absolute_url()}settle/"
    known = open_form(lola, url)
    shown = text(lola.get(url))
    assert "Gate 1" in shown
    assert "Gate 2" in shown
    assert lola.post(url, known).status_code == 409  # nothing chosen

    assert lola.post(url, {**known, "choice-name": keep}).status_code == 302

    settled(circle)
    names = {"ours": "Gate 1", "theirs": "Gate 2"}
    assert at_narvar(circle)[0]["name"] == the_only().name == names[keep]
    assert the_only().sync == Sync.IN_SYNC


def test_what_narvar_changed_is_shown_until_somebody_looked(
    circle: Circle, lola: Client, andover: ReturnLocation
) -> None:
    elsewhere(circle, "PUT", phone="+19785550111")
    locations.sync_locations(circle.shop)
    assert "Changed at Narvar" in text(lola.get("/locations/", {"sync": "followed"}))
    url = f"{andover.get_absolute_url()}settle/"

    lola.post(url, {**open_form(lola, url), "all": "theirs"})

    assert "Andover" not in text(lola.get("/locations/", {"sync": "followed"}))


def test_an_earlier_version_comes_back_as_a_new_change(
    circle: Circle, lola: Client, andover: ReturnLocation
) -> None:
    edit(lola, andover, name="Gate")
    settled(circle)
    first = LocationChange.objects.filter(location=andover, verb="created").get()
    url = f"{andover.get_absolute_url()}restore/{first.pk}/"
    assert url in text(lola.get(andover.get_absolute_url()))
    assert "Andover DC" in text(lola.get(url))

    assert lola.post(url, open_form(lola, url)).status_code == 302

    settled(circle)
    assert at_narvar(circle)[0]["name"] == "Andover DC"


def test_a_form_on_an_older_version_keeps_what_was_typed(
    lola: Client, andover: ReturnLocation
) -> None:
    url = f"{andover.get_absolute_url()}edit/"
    stale = open_form(lola, url)
    ReturnLocation.objects.update(version=andover.version + 1, city="Lawrence")

    answer = lola.post(url, {**stale, **ANDOVER, "name": "Gate 9"})

    page = text(answer)
    assert answer.status_code == 409
    assert 'value="Gate 9"' in page
    assert "<dd><bdi>Lawrence</bdi></dd>" in page
    assert hidden(page)["version"] == str(andover.version + 1)


def test_a_form_on_an_older_version_stays_so_when_it_had_a_mistake_first(
    lola: Client, andover: ReturnLocation
) -> None:
    url = f"{andover.get_absolute_url()}edit/"
    stale = open_form(lola, url)
    ReturnLocation.objects.update(version=andover.version + 1, city="Lawrence")

    wrong = text(lola.post(url, {**stale, **ANDOVER, "name": ""}))
    assert hidden(wrong)["version"] == str(andover.version)

    again = lola.post(url, {**stale, **ANDOVER, "name": "Gate 9", "version": andover.version})
    assert again.status_code == 409
    andover.refresh_from_db()
    assert andover.city == "Lawrence"


def test_another_id_that_cannot_be_read_is_refused(lola: Client, andover: ReturnLocation) -> None:
    form = {"other_id": "gid\x00", "version": andover.version}

    assert lola.post(f"{andover.get_absolute_url()}link/", form).status_code == 409
    andover.refresh_from_db()
    assert andover.other_ids == []


def test_a_twin_is_refused_with_the_form_kept(lola: Client, andover: ReturnLocation) -> None:
    answer = add(lola, phone="(978) 555-0100")

    assert answer.status_code == 409
    assert "There is a location Andover DC at this address already" in text(answer)
    assert 'value="(978) 555-0100"' in text(answer)


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


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_without_the_feature_is_told_and_stays_readable(
    status: int, circle: Circle, lola: Client, andover: ReturnLocation
) -> None:
    circle.narvar.change_settings(locations_off_status=status)
    with pytest.raises(LookupFailed):
        locations.sync_locations(circle.shop)

    page, own = text(lola.get("/locations/")), text(lola.get(andover.get_absolute_url()))

    assert "Narvar manages no return locations for" in page
    assert "Andover DC" in page
    assert "12 Main Road" in own
    assert "edit/" not in own


def test_narvars_list_is_read_on_demand(circle: Circle, lola: Client) -> None:
    answer = lola.post("/locations/sync/", {"shop": circle.shop.domain}, follow=True)

    assert "Reading from Narvar now" in text(answer)


def test_a_refusal_is_shown_on_the_row_in_narvars_words(
    circle: Circle, lola: Client, andover: ReturnLocation
) -> None:
    edit(lola, andover, name="Gate")
    circle.narvar.fail_next("update_location", "status", status=422, text="No such zip")
    row = text(lola.get(f"/locations/changes/?open={andover.pk}"))
    assert "hx-swap-oob" in row

    circle.send(tries=3)

    assert "Refused" in text(lola.get("/locations/"))
    own = text(lola.get(andover.get_absolute_url()))
    assert "No such zip" in own
    assert "Correct it here, and save again." in own


def test_an_id_on_parcels_is_linked_and_forgotten(
    circle: Circle, lola: Client, andover: ReturnLocation
) -> None:
    make_package(make_rma(circle.shop, "RM-LINKED"), destination_id="gid://shopify/Location/7")
    url = f"{andover.get_absolute_url()}link/"

    known = {"other_id": "gid://shopify/Location/7", "version": andover.version}
    page = text(lola.post(url, known, follow=True))
    assert "For certain: 1 return" in page

    andover.refresh_from_db()
    lola.post(url, {**known, "version": andover.version, "unlink": "1"})
    assert "None that we know of." in text(lola.get(andover.get_absolute_url()))


def test_the_list_narrows_by_each_of_its_filters(circle: Circle, lola: Client) -> None:
    dock = saved(circle)
    saved(circle, name="Store", address1="2 Rue de la Paix", city="Paris", country="France")
    ReturnLocation.objects.exclude(pk=dock.pk).update(
        country_code="FR", accepts_mail=False, accepts_in_store=True
    )
    make_package(make_rma(circle.shop), destination_id=dock.narvar_id)

    def names(**query: str) -> set[str]:
        page = text(lola.get("/locations/", query))
        return {name for name in ("Dock", "Store") if f"data-row><bdi>{name}</bdi>" in page}

    assert names() == {"Dock", "Store"}
    assert names(q="paris") == names(country="FR") == names(store="yes") == {"Store"}
    assert names(mail="yes") == names(used="yes") == {"Dock"}
    assert names(used="no") == {"Store"}
    assert names(sync="deleted") == set()
    assert names(q="nowhere") == set()
    assert names(country="??", sync="nonsense", q="a\x00") == {"Dock", "Store"}


def test_the_list_has_pages_and_few_queries(
    circle: Circle, lola: Client, django_assert_max_num_queries: Any
) -> None:
    rows = [
        ReturnLocation(shop=circle.shop, name=f"Dock {n:03}", narvar_id=f"L{n}", sync=sync)
        for n, sync in zip(range(60), [Sync.IN_SYNC, Sync.NOT_SAVED] * 30, strict=True)
    ]
    ReturnLocation.objects.bulk_create(rows)

    with django_assert_max_num_queries(16):
        page = text(lola.get("/locations/"))

    assert page.count("data-row") == 50
    assert "after_id=" in page
    rest = text(lola.get("/locations/", {"after": "Dock 049", "after_id": str(rows[49].pk)}))
    assert rest.count("data-row") == 10


def test_a_location_page_asks_the_same_few_queries_however_many_there_are(
    circle: Circle, lola: Client, andover: ReturnLocation, django_assert_max_num_queries: Any
) -> None:
    ReturnLocation.objects.bulk_create(
        ReturnLocation(shop=circle.shop, name=f"Dock {n}", latitude=n, longitude=n)
        for n in range(40)
    )
    for _ in range(5):
        make_package(make_rma(circle.shop), destination_id=andover.narvar_id)

    with django_assert_max_num_queries(16):
        lola.get(andover.get_absolute_url())


@pytest.mark.parametrize("role", Role.values)
def test_who_may_see_and_who_may_change(
    role: str, circle: Circle, andover: ReturnLocation, log_in: LogIn
) -> None:
    client, own = log_in(staff(circle, role)), andover.get_absolute_url()
    sees, manages = role != Role.SECURITY_ADMIN, role == Role.LOCATION_ADMIN
    changing = ["/locations/new/", "/locations/import/", f"{own}edit/", f"{own}delete/"]
    posting = ["/locations/sync/", f"{own}undo/1/", f"{own}link/", "/locations/validate/name/"]

    for url in ("/locations/", own, f"{own}standing/", "/locations/export.csv"):
        assert (client.get(url).status_code == 200) == sees, url
    for url in changing:
        assert (client.get(url).status_code == 200) == manages, url
    for url in posting:
        assert (client.post(url).status_code != 403) == manages, url
    assert ("edit/" in text(client.get(own))) == manages


def test_a_location_of_another_shop_does_not_exist(andover: ReturnLocation, log_in: LogIn) -> None:
    stranger = log_in(make_staff(shop=make_shop(), role=Role.LOCATION_ADMIN))
    own = andover.get_absolute_url()
    before = list(ReturnLocation.objects.values())

    for url in (own, f"{own}standing/", f"{own}edit/", f"{own}delete/", f"{own}settle/"):
        assert stranger.get(url).status_code == 404, url
    for url in (f"{own}undo/1/", f"{own}link/", f"{own}restore/1/", f"{own}edit/"):
        assert stranger.post(url, ANDOVER).status_code == 404, url
    for url in ("/locations/", "/locations/export.csv", f"/locations/changes/?open={andover.pk}"):
        assert "Andover" not in text(stranger.get(url))
    assert list(ReturnLocation.objects.values()) == before
