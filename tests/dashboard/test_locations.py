"""Return locations on the screen, against the running simulator: each act to its end."""

from typing import Any

import pytest
from django.test import Client

from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import locations
from returns_ops.narvar.reading import LookupFailed
from returns_ops.returns.models import LocationChange, ReturnLocation
from tests.builders import make_package, make_rma
from tests.circle import Circle
from tests.dashboard.location_pages import (
    ANDOVER,
    add,
    delete,
    edit,
    hidden,
    open_form,
    settled,
    text,
    the_only,
)
from tests.narvar.asking import calls, look
from tests.narvar.test_return_locations import at_narvar, elsewhere

Sync = ReturnLocation.Sync
SURE = {"rules_settled": "1", "typed_name": "andover dc "}


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


@pytest.mark.parametrize("keep", ["ours", "theirs"])
def test_removed_at_narvar_while_it_was_changed_here_and_a_person_decides(
    keep: str, circle: Circle, lola: Client, andover: ReturnLocation
) -> None:
    edit(lola, andover, name="Gate")
    circle.narvar.fail_next("update_location", "status", status=422, text="Not so")
    circle.send()
    elsewhere(circle, "DELETE")
    locations.sync_locations(circle.shop)
    assert "Removed at Narvar" in text(lola.get("/locations/"))
    assert "It was removed at Narvar while it was changed here." in text(
        lola.get(andover.get_absolute_url())
    )
    url = f"{andover.get_absolute_url()}settle/"
    known = open_form(lola, url)
    assert lola.post(url, known).status_code == 409  # nothing chosen

    assert lola.post(url, {**known, "choice-gone": keep}).status_code == 302

    settled(circle)
    andover.refresh_from_db()
    if keep == "ours":
        assert [one["name"] for one in at_narvar(circle)] == ["Gate"]
        assert (andover.sync, andover.narvar_id) == (Sync.IN_SYNC, at_narvar(circle)[0]["id"])
    else:
        assert at_narvar(circle) == []
        assert andover.sync == Sync.DELETED
    assert calls(circle, "create_location") == (2 if keep == "ours" else 1)


def test_what_narvar_dropped_is_shown_field_by_field_and_taken_or_sent_again(
    circle: Circle, lola: Client
) -> None:
    circle.narvar.change_settings(locations_drop=["address2"])
    add(lola)
    settled(circle)
    andover = the_only()
    own = andover.get_absolute_url()
    assert "Changed at Narvar" in text(lola.get("/locations/", {"sync": "followed"}))
    assert "Narvar kept it otherwise." in text(lola.get(own))
    page = text(lola.get(f"{own}settle/"))
    for words in ("Narvar kept it otherwise", "<bdi>Suite 4</bdi>", "<bdi>nothing</bdi>"):
        assert words in page
    circle.narvar.change_settings(locations_drop=[])
    known = open_form(lola, f"{own}settle/")

    asked = lola.post(f"{own}settle/", {**known, "choice-address2": "ours"})
    assert asked.status_code == 422  # parcels would be addressed otherwise
    sure = {**known, "choice-address2": "ours", **SURE}
    assert lola.post(f"{own}settle/", sure).status_code == 302

    settled(circle)
    assert at_narvar(circle)[0]["location"]["address2"] == "Suite 4"
    assert "As at Narvar" in text(lola.get(own))


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
    assert "Add a location" not in page
    assert "Import CSV" not in page
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
