"""Acts on locations: confirmed, held, undone, remembered, and never without their consequences."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import CommandState
from returns_ops.narvar import decisions
from returns_ops.returns import location_use
from returns_ops.returns.location_snapshot import facts_of
from returns_ops.returns.location_use import ids_of, use_of
from returns_ops.returns.models import LocationChange, ReturnLocation
from returns_ops.returns.states import Work
from returns_ops.returns.transitions import Confirmation, NeedsConfirmation, Refused
from tests.builders import make_package, make_rma
from tests.circle import Circle
from tests.narvar.asking import calls, dock, look, remove, save, saved, staff, sure
from tests.narvar.test_return_locations import at_narvar

Sync = ReturnLocation.Sync
UNSURE = [
    Confirmation(),
    Confirmation(rules_settled=True),
    Confirmation(typed_name="Dock"),
    Confirmation(rules_settled=True, typed_name="Gate"),
]


def everything(location: ReturnLocation) -> Any:
    row = ReturnLocation.objects.filter(pk=location.pk).values().get()
    return {k: v for k, v in row.items() if k not in ("version", "changed_at")}


def asked(circle: Circle, location: ReturnLocation, confirmed: Confirmation) -> dict[str, Any]:
    return {
        "by": staff(circle, Role.LOCATION_ADMIN),
        "version": location.version,
        "submission_token": uuid.uuid4(),
        "confirmed": confirmed,
    }


@pytest.mark.parametrize("confirmed", UNSURE)
def test_an_address_changes_and_a_location_goes_only_when_confirmed(
    circle: Circle, confirmed: Confirmation
) -> None:
    location = saved(circle)
    before = everything(location), location.history.count()
    how = asked(circle, location, confirmed)

    with pytest.raises(NeedsConfirmation, match="type “Dock” to confirm"):
        decisions.save_location(
            circle.shop, order=dock(city="Trenton"), location_id=location.pk, **how
        )
    with pytest.raises(NeedsConfirmation):
        decisions.remove_location(location.pk, **how)

    assert (everything(location), location.history.count()) == before
    assert calls(circle, "update_location") == calls(circle, "delete_location") == 0
    decisions.save_location(  # a name moves nothing
        circle.shop, order=dock(name="Gate"), location_id=location.pk, **how
    )


def test_what_is_held_can_be_undone_and_the_row_is_as_before(circle: Circle) -> None:
    Shop.objects.update(hold_seconds=8)
    location = saved(circle)
    before = everything(location)
    admin = staff(circle, Role.LOCATION_ADMIN)

    command = save(circle, location, city="Trenton", name="Gate")
    assert command.held_until is not None
    decisions.put_on_hold(command.pk, by=admin)
    with pytest.raises(Refused, match="may not change return locations"):
        decisions.undo(command.pk, by=circle.wanda)
    decisions.undo(command.pk, by=admin)
    assert everything(location) == before
    assert decisions.undo(command.pk, by=admin).state == CommandState.CANCELLED

    location.refresh_from_db()
    removal = remove(circle, location)
    assert removal is not None
    decisions.undo(removal.pk, by=admin)
    assert everything(location) == before

    circle.send()
    assert at_narvar(circle)[0]["location"]["city"] == "Newark"


def test_an_undone_creation_leaves_no_location(circle: Circle) -> None:
    command = save(circle)

    decisions.undo(command.pk, by=staff(circle, Role.LOCATION_ADMIN))
    circle.send()

    assert calls(circle, "create_location") == 0
    assert not ReturnLocation.objects.filter(removed_at=None).exists()
    save(circle)  # and the place is free


def test_what_was_sent_cannot_be_undone(circle: Circle) -> None:
    command = save(circle)
    circle.send()

    with pytest.raises(Refused, match="Too late"):
        decisions.undo(command.pk, by=staff(circle, Role.LOCATION_ADMIN))


def test_history_says_who_changed_what_and_an_earlier_version_can_be_restored(
    circle: Circle,
) -> None:
    location = saved(circle)
    first = location.history.get()
    save(circle, location, name="Gate", city="Trenton")
    circle.send()
    look()
    location.refresh_from_db()

    line = location.history.latest("id")
    assert line.changes == {"name": ["Dock", "Gate"], "city": ["Newark", "Trenton"]}
    assert (line.source, str(line.actor)) == ("here", Role.LOCATION_ADMIN)

    command = decisions.restore_location(
        location.pk, first.pk, **asked(circle, location, sure(location))
    )
    circle.send()
    look()
    location.refresh_from_db()
    assert facts_of(location) == first.facts
    assert location.history.filter(command=command).get().verb == "restored"

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE returns_locationchange SET text = 'other'")
    with pytest.raises(IntegrityError), transaction.atomic():
        LocationChange.objects.all().delete()


def test_saving_what_is_so_already_sends_nothing(circle: Circle) -> None:
    location = saved(circle)

    with pytest.raises(Refused, match="Nothing of Dock was changed"):
        save(circle, location)


def test_open_returns_on_their_way_are_counted_certain_and_guessed(circle: Circle) -> None:
    location = saved(circle)
    where = {"destination_postal_code": "071 14", "destination_country": "US"}
    for name, fields, work in [
        ("BY-ID", {"destination_id": location.narvar_id}, Work.TO_RECEIVE),
        ("DONE", {"destination_id": location.narvar_id}, Work.DONE),
        ("BY-GID", {"destination_id": "gid://shopify/Location/7", **where}, Work.TO_RECEIVE),
        ("BY-CODE", where, Work.TO_RECEIVE),
        ("ABROAD", {**where, "destination_country": "DE"}, Work.TO_RECEIVE),
        ("OTHER-CITY", {**where, "destination_city": "Camden"}, Work.TO_RECEIVE),
    ]:
        make_package(make_rma(circle.shop, name, work=work), **fields)

    use = use_of(location)
    assert [one.rma_number for one in use.certain.first] == ["BY-ID"]
    assert {one.rma_number for one in use.guessed.first} == {"BY-GID", "BY-CODE"}
    assert [(currency, str(value)) for currency, value in use.guessed.value] == [("USD", "99.9800")]

    decisions.link_location(
        location.pk,
        "gid://shopify/Location/7",
        by=staff(circle, Role.LOCATION_ADMIN),
        version=location.version,
    )
    location.refresh_from_db()
    use = use_of(location, limit=1)
    assert (use.certain.count, use.certain.capped) == (1, True)
    assert [one.rma_number for one in use.guessed.first] == ["BY-CODE"]
    assert ids_of(location) == [location.narvar_id, "gid://shopify/Location/7", "7"]
    decisions.unlink_location(
        location.pk,
        "gid://shopify/Location/7",
        by=staff(circle, Role.LOCATION_ADMIN),
        version=location.version,
    )
    assert use_of(ReturnLocation.objects.get()).certain.count == 1


def test_of_many_parcels_the_newest_are_counted_and_it_says_so(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = saved(circle)
    for name, work in [("OLD", Work.TO_RECEIVE), ("NEW", Work.TO_RECEIVE), ("DONE", Work.DONE)]:
        rma = make_rma(circle.shop, name, work=work)
        make_package(rma, destination_id=location.narvar_id, destination_postal_code="07114")
    monkeypatch.setattr(location_use, "LOOKED_AT", 2)

    use = use_of(location)

    assert [one.rma_number for one in use.certain.first] == ["NEW"]
    assert (use.certain.count, use.certain.capped) == (1, True)
    assert use.guessed.count == 0  # what names the location is certain, and counted once


def test_a_creation_that_times_out_ends_with_one_location(circle: Circle) -> None:
    command = save(circle)
    circle.narvar.fail_next("create_location", "act_then_hang", seconds=0.2)
    circle.narvar.fail_next("list_locations", "status", status=503)

    circle.send(tries=6)
    look()

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(at_narvar(circle)) == 1
    assert calls(circle, "create_location") == 1
