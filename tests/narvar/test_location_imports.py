"""A file of locations: shown before it is done, done row by row, stopped, and never done twice."""

import uuid
from typing import Any

import pytest

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Role
from returns_ops.failpoints import KILLED
from returns_ops.messaging.models import Command
from returns_ops.narvar import location_imports
from returns_ops.narvar.location_imports import MOST_UNDER_WAY, progress
from returns_ops.returns.location_csv import write_csv
from returns_ops.returns.models import LocationImport, ReturnLocation
from returns_ops.returns.transitions import NeedsConfirmation, Refused
from returns_ops.returns.transitions.location_imports import (
    File,
    confirm_import,
    start_import,
    stop_import,
)
from tests.builders import make_staff
from tests.children import run
from tests.circle import Circle
from tests.narvar.asking import DOCK, calls, look, saved, staff
from tests.narvar.test_return_locations import at_narvar

State = LocationImport.State


def place(**fields: Any) -> ReturnLocation:
    return ReturnLocation(**{**DOCK, **fields})


def upload(
    circle: Circle, *places: ReturnLocation, by: User | None = None, edit: str = ""
) -> LocationImport:
    before, _, after = edit.partition(" → ")
    text = "".join(write_csv(places))
    return start_import(
        File(
            shop=circle.shop,
            by=by or staff(circle, Role.LOCATION_ADMIN),
            data=(text.replace(before, after) if edit else text).encode(),
            name="places.csv",
            submission_token=uuid.uuid4(),
        )
    )


def confirm(circle: Circle, job: LocationImport, **how: Any) -> LocationImport:
    return confirm_import(job.pk, by=staff(circle, Role.LOCATION_ADMIN), **how)


def verdicts(job: LocationImport) -> list[str]:
    return list(job.rows.values_list("verdict", flat=True))


def states(job: LocationImport) -> list[str]:
    return list(job.rows.values_list("state", flat=True))


def finish(circle: Circle) -> None:
    while location_imports.run_slice():
        pass
    circle.send(tries=5)
    look()


def test_a_file_is_shown_row_by_row_then_done(circle: Circle) -> None:
    dock, gate = saved(circle), saved(circle, name="Gate")
    same, moved = dock, place(name="Gate", narvar_id=gate.narvar_id, city="Trenton")
    new, twin = place(name="New"), place(name="NEW")
    wrong, lost = place(name="Wrong", latitude=None), place(name="Lost", narvar_id="NOBODY")

    job = upload(circle, same, moved, new, twin, wrong, lost)

    assert verdicts(job) == ["same", "changed", "new", "error", "error", "error"]
    rows = list(job.rows.all())
    assert rows[1].changes == {"city": ["Newark", "Trenton"]}
    assert rows[3].problems == {"": "Line 4 is the same location."}
    assert list(rows[4].problems) == ["latitude"]
    assert rows[5].problems == {"narvar_id": "There is no location NOBODY here."}
    assert ReturnLocation.objects.count() == 2
    assert location_imports.run_slice() == 0  # nobody has said yes

    with pytest.raises(NeedsConfirmation, match="1 address changes"):
        confirm(circle, job)
    with pytest.raises(NeedsConfirmation):
        confirm(circle, job, rules_settled=True, typed_count="2")
    confirm(circle, job, rules_settled=True, typed_count="1")
    finish(circle)

    job.refresh_from_db()
    assert job.state == State.DONE
    assert states(job) == ["skipped", "asked", "asked", "refused", "refused", "refused"]
    assert sorted(one["name"] for one in at_narvar(circle)) == ["Dock", "Gate", "New"]
    gate.refresh_from_db()
    assert (gate.city, gate.history.latest("id").source) == ("Trenton", "file")
    done = progress(job)
    assert (done.total, done.asked, done.confirmed, done.percent) == (6, 2, 2, 100)


def test_what_changed_since_the_preview_is_not_overwritten(circle: Circle) -> None:
    dock = saved(circle)
    job = upload(circle, place(narvar_id=dock.narvar_id, phone="+14155550100"))
    ReturnLocation.objects.update(version=dock.version + 1)

    confirm(circle, job)
    finish(circle)

    row = job.rows.get()
    assert (row.state, row.command) == ("refused", None)
    assert "changed while you looked" in row.result
    assert calls(circle, "update_location") == 0


def test_a_long_file_does_not_fill_the_queue_of_calls(circle: Circle) -> None:
    job = upload(circle, *(place(name=f"Dock {n}") for n in range(MOST_UNDER_WAY + 2)))
    confirm(circle, job)

    assert location_imports.run_slice(100) == MOST_UNDER_WAY
    assert location_imports.run_slice(100) == 0
    circle.send(tries=3)
    assert location_imports.run_slice(100) == 2
    job.refresh_from_db()
    assert job.state == State.DONE


def test_only_who_may_and_who_looked_confirms(circle: Circle) -> None:
    with pytest.raises(Refused, match="may not change return locations"):
        upload(circle, place(), by=circle.wanda)
    job = upload(circle, place())
    with pytest.raises(Refused, match="may not"):
        confirm_import(job.pk, by=circle.wanda)
    other = make_staff("other", circle.shop, Role.LOCATION_ADMIN)
    with pytest.raises(Refused, match="uploaded this file"):
        confirm_import(job.pk, by=other)
    job.refresh_from_db()
    assert job.state == State.PREVIEW


def test_a_stopped_file_begins_no_more_rows(circle: Circle) -> None:
    job = upload(circle, *(place(name=f"Dock {n}") for n in range(4)))
    confirm(circle, job)
    location_imports.run_slice(1)

    stop_import(job.pk, by=staff(circle, Role.LOCATION_ADMIN))
    finish(circle)

    assert states(job) == ["asked", "skipped", "skipped", "skipped"]
    assert ReturnLocation.objects.count() == 1
    with pytest.raises(Refused, match="is over"):
        confirm(circle, job)


def test_a_worker_killed_in_the_middle_loses_no_row_and_does_none_twice(circle: Circle) -> None:
    job = upload(circle, *(place(name=f"Dock {n}") for n in range(4)))
    confirm(circle, job)

    for _ in range(2):
        assert run("rows", failpoints="import.after_row:exit")[0] == KILLED
    assert states(job) == ["asked", "asked", "waiting", "waiting"]
    finish(circle)

    job.refresh_from_db()
    assert (job.state, states(job)) == (State.DONE, ["asked"] * 4)
    assert Command.objects.count() == ReturnLocation.objects.count() == 4
    assert calls(circle, "create_location") == 4
