"""Ours, Narvar's and the last agreed: what differs is shown, and settled field by field."""

from typing import Any

import pytest

from returns_ops.accounts.models import AuditEntry
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import locations
from returns_ops.narvar.models import Connection
from returns_ops.narvar.reading import LookupFailed
from returns_ops.returns.location_compare import Change, compare
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.transitions import Refused
from tests.circle import Circle
from tests.narvar.asking import calls, look, remove, save, saved, settle, staff
from tests.narvar.test_return_locations import at_narvar, elsewhere, the_only

Sync = ReturnLocation.Sync
Feature = Connection.Feature


def sync(circle: Circle) -> ReturnLocation:
    locations.sync_locations(circle.shop)
    return ReturnLocation.objects.latest("id")


def told(location: ReturnLocation) -> dict[str, tuple[str, ...]]:
    return {one.name: (one.change.value, *one.words) for one in compare(location)}


def changed_here(circle: Circle, **fields: Any) -> ReturnLocation:
    """An edit that Narvar refused."""
    save(circle, saved(circle), **fields)
    circle.narvar.fail_next("update_location", "status", status=422, text="Not so")
    circle.send()
    return the_only()


def changed_on_both_sides(circle: Circle) -> ReturnLocation:
    changed_here(circle, city="Trenton", name="Gate", phone="+14155550100")
    elsewhere(circle, "PUT", city="Camden", zip="08102", name="Gate")
    return sync(circle)


def test_what_was_changed_there_is_followed_and_shown(circle: Circle) -> None:
    saved(circle)
    elsewhere(circle, "PUT", city="Camden")

    location = sync(circle)

    assert (location.city, location.sync) == ("Camden", Sync.IN_SYNC)
    assert told(location) == {"city": (Change.THERE, "Newark", "Camden", "Newark")}
    line = location.history.latest("id")
    assert (line.source, line.actor, line.changes) == (
        "narvar",
        None,
        {"city": ["Newark", "Camden"]},
    )

    assert settle(circle, location, city="theirs") is None
    location.refresh_from_db()
    assert (told(location), location.city) == ({}, "Camden")
    assert calls(circle, "update_location") == 1  # the other one's


def test_what_was_changed_there_can_be_put_back(circle: Circle) -> None:
    saved(circle)
    elsewhere(circle, "PUT", city="Camden", name="Gate")
    location = sync(circle)

    settle(circle, location, city="ours", name="theirs")
    circle.send()
    look()

    location.refresh_from_db()
    assert (location.city, location.name, location.sync) == ("Newark", "Gate", Sync.IN_SYNC)
    assert at_narvar(circle)[0]["location"]["city"] == "Newark"
    assert told(location) == {}


def test_what_was_changed_here_waits_and_is_sent_again_or_given_up(circle: Circle) -> None:
    changed_here(circle, city="Trenton")

    location = sync(circle)

    assert location.sync == Sync.NOT_SAVED
    assert told(location) == {"city": (Change.HERE, "Trenton", "Newark", "Newark")}
    settle(circle, location, city="theirs")
    location.refresh_from_db()
    assert (location.city, location.sync, location.problem) == ("Newark", Sync.IN_SYNC, "")


def test_what_was_changed_on_both_sides_is_settled_field_by_field(circle: Circle) -> None:
    location = changed_on_both_sides(circle)

    assert location.sync == Sync.CONFLICT
    assert told(location) == {
        "city": (Change.BOTH, "Trenton", "Camden", "Newark"),
        "postal_code": (Change.THERE, "07114", "08102", "07114"),
        "phone": (Change.HERE, "+14155550100", "+14155555555", "+14155555555"),
    }
    with pytest.raises(Refused, match="settle that first"):
        save(circle, location, city="Hoboken")
    with pytest.raises(Refused, match="Choose for each of them: postal code, phone number"):
        settle(circle, location, city="ours")

    settle(circle, location, city="ours", postal_code="theirs", phone="ours")
    circle.send()
    look()

    location.refresh_from_db()
    shown = at_narvar(circle)[0]
    assert (location.sync, location.problem) == (Sync.IN_SYNC, "")
    assert (shown["location"]["city"], shown["location"]["zip"]) == ("Trenton", "08102")
    assert (shown["name"], shown["location"]["phone"]) == ("Gate", "+14155550100")


def test_a_change_there_that_comes_before_ours_is_sent_is_a_conflict_at_once(
    circle: Circle,
) -> None:
    command = save(circle, saved(circle), city="Trenton")
    elsewhere(circle, "PUT", city="Camden")

    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    assert told(the_only()) == {"city": (Change.BOTH, "Trenton", "Camden", "Newark")}


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_removed_there_while_changed_here_is_a_conflict_too(circle: Circle, choice: str) -> None:
    location = changed_here(circle, city="Trenton")
    before = location.narvar_id
    elsewhere(circle, "DELETE")

    location = sync(circle)
    assert (location.sync, location.gone_at is not None) == (Sync.CONFLICT, True)

    command = settle(circle, location, gone=choice)
    circle.send()
    look()

    location.refresh_from_db()
    if choice == "ours":
        assert command is not None
        assert location.sync == Sync.IN_SYNC
        assert location.other_ids == [before]
        assert location.narvar_id == at_narvar(circle)[0]["id"] != before
    else:
        assert command is None
        assert location.sync == Sync.DELETED
        assert at_narvar(circle) == []


def test_a_removal_there_that_comes_before_ours_is_sent_is_a_conflict_at_once(
    circle: Circle,
) -> None:
    save(circle, saved(circle), city="Trenton")
    elsewhere(circle, "DELETE")

    circle.send()

    location = the_only()
    assert (location.sync, location.gone_at is not None) == (Sync.CONFLICT, True)
    with pytest.raises(Refused, match="Choose: make it anew, or let it go"):
        settle(circle, location, city="ours")


def test_a_removal_that_meets_a_location_gone_meanwhile_is_no_conflict(circle: Circle) -> None:
    location = saved(circle)
    remove(circle, location)
    elsewhere(circle, "DELETE")
    circle.send()
    locations.sync_locations(circle.shop)

    location.refresh_from_db()
    assert location.sync == Sync.DELETED
    assert Command.objects.latest("id").state == CommandState.CONFIRMED


def test_what_narvar_drops_or_changes_is_shown_field_by_field(circle: Circle) -> None:
    circle.narvar.change_settings(locations_drop=["address2"], locations_change={"city": "NEWARK"})
    save(circle, address2="Door 4")
    circle.send()
    look()

    location = the_only()
    assert location.sync == Sync.IN_SYNC
    assert told(location) == {
        "address2": (Change.KEPT, "Door 4", "nothing", "Door 4"),
        "city": (Change.KEPT, "Newark", "NEWARK", "Newark"),
    }
    assert location.history.latest("id").verb == "kept"


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_without_the_feature_says_so_and_goes_on(circle: Circle, status: int) -> None:
    location = saved(circle)
    circle.narvar.change_settings(locations_off_status=status)

    with pytest.raises(LookupFailed, match="not enabled"):
        locations.sync_locations(circle.shop)
    command = save(circle, name="Another")
    circle.send()

    command.refresh_from_db()
    location.refresh_from_db()
    link = Connection.objects.get(shop=circle.shop)
    assert command.state == CommandState.REFUSED
    assert "not enabled" in command.problem
    assert (link.locations_feature, link.problem) == (Feature.OFF, "")  # money goes on
    assert location.sync == Sync.IN_SYNC
    assert not locations.standing(circle.shop).enabled

    circle.narvar.change_settings(locations_off_status=None)
    locations.sync_locations(circle.shop)
    assert locations.standing(circle.shop).enabled


def test_locations_are_read_when_a_shop_is_connected_each_hour_and_on_demand(
    circle: Circle,
) -> None:
    def due(**fields: Any) -> int:
        before = calls(circle, "list_locations")
        Connection.objects.update(**fields)
        locations.sync_due()
        return calls(circle, "list_locations") - before

    assert due() == 1
    assert due() == 0
    hour = locations.EVERY
    read = Connection.objects.get().locations_read_at
    assert read is not None
    assert due(locations_tried_at=read - hour) == 1
    admin = staff(circle, Role.LOCATION_ADMIN)
    locations.ask_to_sync(circle.shop, by=admin)
    assert locations.standing(circle.shop).waiting
    assert due() == 1
    assert not locations.standing(circle.shop).waiting
    with pytest.raises(Refused):
        locations.ask_to_sync(circle.shop, by=circle.wanda)
    assert AuditEntry.objects.filter(action="location.sync_asked").count() == 1
