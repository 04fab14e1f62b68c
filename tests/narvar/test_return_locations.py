"""Return locations: saved, read back, removed, mirrored; never two of one."""

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest

from returns_ops.accounts.models import AuditEntry
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import client, decisions, locations
from returns_ops.narvar.models import Connection
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.transitions import Refused, Stale
from tests.circle import Circle
from tests.narvar.asking import LOST, calls, dock, look, remove, save, saved, staff

Sync = ReturnLocation.Sync


def at_narvar(circle: Circle) -> list[dict[str, Any]]:
    link = Connection.objects.select_related("shop").get(shop=circle.shop)
    reply = client.call(link, client.Call(method="GET", path="/api/return_locations"))
    found: list[dict[str, Any]] = json.loads(reply.body)
    return found


def elsewhere(circle: Circle, method: str, **changes: Any) -> None:
    """Somebody changes or removes the only location in Narvar's own screens."""
    link = Connection.objects.select_related("shop").get(shop=circle.shop)
    (found,) = at_narvar(circle)
    address = {key: value for key, value in changes.items() if key in found["location"]}
    rest = {key: value for key, value in changes.items() if key not in address}
    document = {**found, **rest, "location": {**found["location"], **address}}
    client.call(
        link,
        client.Call(
            method=method,
            path=f"/api/return_locations/{found['id']}",
            body=json.dumps(document).encode() if method == "PUT" else None,
        ),
    )


def the_only() -> ReturnLocation:
    return ReturnLocation.objects.get(removed_at=None)


def test_a_new_location_goes_full_circle(circle: Circle) -> None:
    command = save(circle, latitude=Decimal("40.73061234567"))
    assert the_only().sync == Sync.SENDING

    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.ACCEPTED
    look()

    command.refresh_from_db()
    location, (shown,) = the_only(), at_narvar(circle)
    assert command.state == CommandState.CONFIRMED
    assert (location.sync, location.problem) == (Sync.IN_SYNC, "")
    assert location.narvar_id == shown["id"] == location.document["id"]
    assert location.latitude == Decimal("40.730612")
    assert shown["location"]["latitude"] == 40.730612


def test_a_location_is_changed_and_removed(circle: Circle) -> None:
    location = saved(circle)

    changed = save(circle, location, name="Gate", address2="Door 4")
    circle.send()
    look()
    changed.refresh_from_db()
    location = the_only()
    assert (changed.kind, changed.state) == ("update_location", CommandState.CONFIRMED)
    assert (location.name, location.address2, location.sync) == ("Gate", "Door 4", Sync.IN_SYNC)
    assert at_narvar(circle)[0]["location"]["address2"] == "Door 4"

    removed = remove(circle, location)
    circle.send()
    look()
    assert removed is not None
    removed.refresh_from_db()
    location.refresh_from_db()
    assert removed.state == CommandState.CONFIRMED
    assert location.sync == Sync.DELETED
    assert location.removed_at is not None
    assert at_narvar(circle) == []
    actions = AuditEntry.objects.filter(shop=circle.shop, action__startswith="location.")
    assert list(actions.order_by("id").values_list("action", flat=True)) == [
        "location.saved",
        "location.saved",
        "location.removed",
    ]


@pytest.mark.parametrize(("fault", "options", "acted"), LOST)
def test_two_locations_are_never_created(
    circle: Circle, fault: str, options: dict[str, Any], acted: bool
) -> None:
    command = save(circle)
    circle.narvar.fail_next("create_location", fault, **options)

    circle.send(tries=8)
    look()

    command.refresh_from_db()
    location = the_only()
    assert calls(circle, "create_location") == 1
    if acted:
        assert (command.state, location.sync) == (CommandState.CONFIRMED, Sync.IN_SYNC)
        assert location.narvar_id == at_narvar(circle)[0]["id"]
    else:
        assert (command.state, command.cause) == (CommandState.ATTENTION, "maybe_done")
        assert location.sync == Sync.NOT_SAVED
        assert location.problem.startswith("Perhaps saved")


def test_a_location_that_shows_up_late_settles_what_was_unclear(circle: Circle) -> None:
    first = save(circle)
    circle.narvar.fail_next("create_location", "reset_before")
    circle.send(tries=8)
    with pytest.raises(Refused, match="Narvar may have made Dock already"):
        save(circle, the_only())
    link = Connection.objects.select_related("shop").get(shop=circle.shop)
    late = client.Call(method="POST", path="/api/return_locations", body=bytes(first.body))
    client.call(link, late)

    locations.sync_locations(circle.shop)

    first.refresh_from_db()
    assert first.state == CommandState.CONFIRMED
    assert the_only().sync == Sync.IN_SYNC


def test_what_narvar_may_have_made_can_be_forgotten_by_a_person(circle: Circle) -> None:
    command = save(circle)
    circle.narvar.fail_next("create_location", "reset_before")
    circle.send(tries=8)

    assert remove(circle, the_only()) is None

    command.refresh_from_db()
    assert command.state == CommandState.CANCELLED
    assert not ReturnLocation.objects.filter(removed_at=None).exists()
    save(circle)  # and the place is free for another try


@pytest.mark.parametrize(("fault", "options", "acted"), LOST)
def test_a_change_whose_answer_is_lost_is_looked_for_and_then_sent_again(
    circle: Circle, fault: str, options: dict[str, Any], acted: bool
) -> None:
    command = save(circle, saved(circle), city="Trenton")
    circle.narvar.fail_next("update_location", fault, **options)

    circle.send(tries=3)
    look()

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert calls(circle, "update_location") == (1 if acted else 2)
    assert at_narvar(circle)[0]["location"]["city"] == "Trenton"


@pytest.mark.parametrize(("fault", "options", "acted"), LOST)
def test_a_removal_whose_answer_is_lost_is_looked_for_and_then_sent_again(
    circle: Circle, fault: str, options: dict[str, Any], acted: bool
) -> None:
    command = remove(circle, saved(circle))
    circle.narvar.fail_next("delete_location", fault, **options)

    circle.send(tries=3)
    look()

    assert command is not None
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert calls(circle, "delete_location") == (1 if acted else 2)
    assert at_narvar(circle) == []


def test_removing_what_is_gone_already_is_done(circle: Circle) -> None:
    location = saved(circle)
    elsewhere(circle, "DELETE")

    command = remove(circle, location)
    circle.send()
    look()

    assert command is not None
    command.refresh_from_db()
    location.refresh_from_db()
    assert (command.state, location.sync) == (CommandState.CONFIRMED, Sync.DELETED)
    assert command.attempts.get().http_status == 404


def test_a_location_that_was_edited_at_narvar_meanwhile_is_not_overwritten(
    circle: Circle,
) -> None:
    command = save(circle, saved(circle), city="Trenton")
    elsewhere(circle, "PUT", name="Gate 7")

    circle.send()

    command.refresh_from_db()
    location = the_only()
    assert command.state == CommandState.REFUSED
    assert calls(circle, "update_location") == 1  # the other one's
    assert location.sync == Sync.CONFLICT
    assert "name: was Dock, Narvar shows Gate 7" in location.problem


def test_what_narvar_dropped_or_changed_is_told_in_words(circle: Circle) -> None:
    command = save(circle, address2="Door 4")
    circle.send()
    elsewhere(circle, "PUT", address2="", phone="1-415-555-5555", city="Trenton")

    look()

    command.refresh_from_db()
    location = the_only()
    assert command.state == CommandState.CONFIRMED
    assert location.problem == (
        "Narvar kept it otherwise. "
        "second address line: asked for Door 4, Narvar shows nothing; "
        "city: asked for Newark, Narvar shows Trenton"
    )
    assert location.address2 == ""


def test_a_change_that_narvar_accepts_and_forgets_is_told_to_a_person(circle: Circle) -> None:
    command = save(circle, saved(circle), city="Trenton")
    circle.narvar.fail_next("update_location", "status", status=200, act=False)
    circle.send()

    look(minutes=10)
    command.refresh_from_db()
    assert (command.state, command.cause) == (CommandState.ACCEPTED, "not_confirmed")
    look(minutes=60)

    command.refresh_from_db()
    assert command.state == CommandState.ATTENTION
    assert the_only().sync == Sync.NOT_SAVED
    assert calls(circle, "update_location") == 1
    save(circle, the_only(), city="Trenton")  # a new form settles the old one
    command.refresh_from_db()
    assert command.state == CommandState.CANCELLED


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refused_change_keeps_what_was_wanted(circle: Circle, status: int) -> None:
    command = save(circle, saved(circle), city="Trenton")
    circle.narvar.fail_next("update_location", "status", status=status, text="No such zip")

    circle.send(tries=3)

    command.refresh_from_db()
    location = the_only()
    assert command.state == CommandState.REFUSED
    assert (location.sync, location.city) == (Sync.NOT_SAVED, "Trenton")
    assert "No such zip" in location.problem
    assert calls(circle, "update_location") == 1


def test_without_an_answers_body_the_new_location_is_found_by_its_address(circle: Circle) -> None:
    circle.narvar.change_settings(location_answers_body=False)

    command = save(circle)
    circle.send()
    assert the_only().narvar_id == ""
    look()

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert the_only().narvar_id == at_narvar(circle)[0]["id"]


def test_a_twin_is_refused_here_and_at_narvar(circle: Circle) -> None:
    saved(circle)
    with pytest.raises(Refused, match="There is a location Dock at this address already"):
        save(circle, name="DOCK")

    ReturnLocation.objects.update(name="Elsewhere")  # as if we had never heard of it
    command = save(circle)
    circle.send()

    command.refresh_from_db()
    assert command.state == CommandState.REFUSED
    assert calls(circle, "create_location") == 1


def test_only_a_location_admin_may_and_only_on_what_they_saw(circle: Circle) -> None:
    location, token = saved(circle), uuid.uuid4()
    known: dict[str, Any] = {"order": dock(name="Gate"), "submission_token": token}

    with pytest.raises(Refused, match="may not change return locations"):
        decisions.save_location(circle.shop, by=staff(circle, Role.AGENT), **known)
    with pytest.raises(Refused, match="may not change return locations"):
        decisions.remove_location(
            location.pk, by=circle.wanda, version=location.version, submission_token=token
        )
    admin = staff(circle, Role.LOCATION_ADMIN)
    with pytest.raises(Stale):
        decisions.save_location(circle.shop, by=admin, location_id=location.pk, version=1, **known)

    first = decisions.save_location(circle.shop, by=admin, **known)
    again = decisions.save_location(circle.shop, by=admin, **known)
    with pytest.raises(Refused, match="still being saved"):
        save(circle, ReturnLocation.objects.get(name="Gate"), name="Gate 2")
    assert first == again
    assert Command.objects.count() == 2


def test_all_of_it_can_be_nested(circle: Circle) -> None:
    Connection.objects.update(location_nested=True)

    command = save(circle)

    (key, inside), *others = json.loads(bytes(command.body)).items()
    assert (key, others) == ("location", [])
    assert (inside["name"], inside["accept_mail_in_returns"]) == ("Dock", True)
