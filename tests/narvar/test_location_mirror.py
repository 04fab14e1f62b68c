"""Our return locations follow what Narvar lists; what it cannot tell for sure changes nothing."""

from typing import Any

import pytest
from django.db import IntegrityError

from returns_ops.accounts.models import AuditEntry, Shop
from returns_ops.messaging.models import CommandState
from returns_ops.narvar import locations, operations
from returns_ops.narvar.models import Connection
from returns_ops.narvar.reading import LookupFailed
from returns_ops.returns import transitions
from returns_ops.returns.models import ReturnLocation
from returns_ops.returns.transitions import Refused
from tests.circle import Circle, connect_second
from tests.narvar.asking import look, remove, save, saved
from tests.narvar.test_return_locations import elsewhere, the_only

Sync = ReturnLocation.Sync


def test_the_mirror_follows_narvar(circle: Circle) -> None:
    location = saved(circle)

    elsewhere(circle, "PUT", name="Gate", city="Trenton")
    assert locations.sync_locations(circle.shop) == 1
    location.refresh_from_db()
    assert (location.name, location.city, location.sync) == ("Gate", "Trenton", Sync.IN_SYNC)

    elsewhere(circle, "DELETE")
    assert locations.sync_locations(circle.shop) == 0
    location.refresh_from_db()
    assert location.sync == Sync.DELETED
    with pytest.raises(Refused, match="Gate was removed"):
        remove(circle, location)

    actions = AuditEntry.objects.filter(actor=None, action__startswith="location.")
    assert list(actions.order_by("id").values_list("action", flat=True)) == [
        "location.changed",
        "location.gone",
    ]


def test_the_mirror_leaves_alone_what_is_being_saved(circle: Circle) -> None:
    save(circle, saved(circle), city="Trenton")

    locations.sync_locations(circle.shop)

    assert (the_only().city, the_only().sync) == ("Trenton", Sync.SENDING)


def test_an_entry_without_an_id_buries_nothing(circle: Circle) -> None:
    saved(circle)
    circle.narvar.change_settings(locations_drop=["id"])
    elsewhere(circle, "PUT")

    locations.sync_locations(circle.shop)

    assert the_only().sync == Sync.IN_SYNC
    assert "Narvar lists 1 without an id" in locations.standing(circle.shop).problem


def test_one_shop_that_breaks_is_left_for_later_and_stops_no_other(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = connect_second(circle, "second.myshopify.com").shop
    mirrored: list[Shop] = []
    mirror = transitions.mirror_locations

    def breaks(shop: Shop, *given: Any, **more: Any) -> None:
        mirrored.append(shop)
        if shop == circle.shop:
            raise IntegrityError("two rows of one id")
        mirror(shop, *given, **more)

    monkeypatch.setattr(transitions, "mirror_locations", breaks)
    locations.sync_due()
    locations.sync_due()

    assert sorted(mirrored, key=str) == sorted([circle.shop, other], key=str)
    assert "could not be taken in" in locations.standing(circle.shop).problem
    assert locations.standing(other).problem == ""


def test_an_id_that_is_another_locations_is_not_taken_from_it(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock = saved(circle)
    command = save(circle, name="Gate")
    monkeypatch.setattr(operations, "named", lambda *_: {"location_id": dock.narvar_id})

    circle.send()

    command.refresh_from_db()
    gate = ReturnLocation.objects.get(name="Gate")
    assert (command.state, gate.narvar_id) == (CommandState.ACCEPTED, "")
    assert f"Narvar calls it {dock.narvar_id}, and so it calls Dock here" in gate.problem
    look()  # its own entry has its name and address
    gate.refresh_from_db()
    assert gate.sync == Sync.IN_SYNC
    assert gate.narvar_id not in ("", dock.narvar_id)


def test_a_shop_that_cannot_be_read_keeps_its_locations(circle: Circle) -> None:
    saved(circle)

    faults: list[tuple[str, dict[str, Any]]]
    faults = [("status", {"status": 404}), ("html", {}), ("empty", {})]
    for fault, options in faults:
        circle.narvar.fail_next("list_locations", fault, **options)
        with pytest.raises(LookupFailed):
            locations.sync_locations(circle.shop)
    circle.narvar.fail_next("list_locations", "status", status=500)
    Connection.objects.update(locations_tried_at=None)
    locations.sync_due()

    assert the_only().sync == Sync.IN_SYNC
