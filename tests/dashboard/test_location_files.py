"""Many locations at once: a file is read, shown row by row, confirmed and done."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Role
from returns_ops.narvar import location_imports
from returns_ops.returns.location_csv import COLUMNS
from returns_ops.returns.models import LocationImport, ReturnLocation
from tests.circle import Circle
from tests.dashboard.location_pages import open_form, text
from tests.narvar.asking import look, saved, staff
from tests.narvar.test_bench_races import at_once
from tests.narvar.test_return_locations import at_narvar

LogIn = Callable[[User], Client]
NEW = "/locations/import/"


def upload(client: Client, csv: str) -> Any:
    file = SimpleUploadedFile("places.csv", csv.encode())
    return client.post(NEW, {**open_form(client, NEW), "file": file})


def test_what_is_exported_can_be_imported(circle: Circle, lola: Client) -> None:
    saved(circle)
    answer = lola.get("/locations/export.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    heading, row = text(answer).splitlines()

    again = row.split(",", 2)[2].replace("1211", "7")
    page = upload(lola, f"{heading}\n{row}\n,Gate,{again}\n,<b>Bad</b>,,,,,,,,,,,,,\n")

    shown = text(lola.get(page["Location"]))
    for words in ("Same: 1", "New: 1", "Error: 1", "1 row cannot be used", "Save 1 location<"):
        assert words in shown
    assert "<b>Bad</b>" not in shown
    assert ReturnLocation.objects.count() == 1


def test_a_double_click_reads_the_file_once(circle: Circle, lola: Client, log_in: LogIn) -> None:
    form = open_form(lola, NEW)
    heading = ",".join(COLUMNS)

    def press() -> Any:
        file = SimpleUploadedFile("places.csv", f"{heading}\n,Dock,,,,,,,,,,,,,\n".encode())
        return log_in(staff(circle, Role.LOCATION_ADMIN)).post(NEW, {**form, "file": file})

    answers = [*at_once(press, press), press()]

    assert [one.status_code for one in answers] == [302] * 3
    assert len({one["Location"] for one in answers}) == 1
    assert LocationImport.objects.get().rows.count() == 1


def test_what_is_doubtful_in_a_file_is_said_and_may_be_saved(circle: Circle, lola: Client) -> None:
    saved(circle)
    csv = text(lola.get("/locations/export.csv")).replace("Dock", "Gate").replace("-74.17", "74.17")

    url = upload(lola, csv)["Location"]

    page = text(lola.get(url))
    for words in ("1 row can be used, but can hardly be meant so", "Latitude:", "Save 1 location<"):
        assert words in page


def test_a_confirmed_file_is_done_with_a_result_per_row(circle: Circle, lola: Client) -> None:
    dock = saved(circle)
    csv = text(lola.get("/locations/export.csv")).replace("1211 Main Road", "9 Main Road")
    url = upload(lola, csv)["Location"]
    assert "1 address changes" in text(lola.get(url))

    refused = lola.post(f"{url}confirm/", {"rules_settled": "1", "typed_count": "2"})
    assert refused.status_code == 409
    assert LocationImport.objects.get().state == "preview"
    lola.post(f"{url}confirm/", {"rules_settled": "1", "typed_count": "1"})
    location_imports.run_slice()
    assert "Queued" in text(lola.get(url))
    circle.send()
    look()

    part = lola.get(url, headers={"HX-Request": "true"})
    assert "of which Narvar confirmed 1" in text(part)
    assert "<html" not in text(part)
    assert at_narvar(circle)[0]["location"]["address1"] == "9 Main Road"
    dock.refresh_from_db()
    assert dock.address1 == "9 Main Road"


@pytest.mark.parametrize(
    ("csv", "why"),
    [
        ("", "The file is empty."),
        ("name\nDock\n", "The heading lacks"),
        ("\x00", "not a text file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(csv: str, why: str, lola: Client) -> None:
    answer = upload(lola, csv)

    assert answer.status_code == 422
    assert why in text(answer)
    assert not LocationImport.objects.exists()


def test_a_form_without_a_file_asks_for_one(lola: Client) -> None:
    answer = lola.post(NEW, open_form(lola, NEW))

    assert answer.status_code == 422
    assert "Choose a file." in text(answer)


def test_a_preview_is_thrown_away(circle: Circle, lola: Client) -> None:
    saved(circle)
    url = upload(lola, text(lola.get("/locations/export.csv")))["Location"]

    lola.post(f"{url}stop/")

    assert LocationImport.objects.get().state == "stopped"
    assert "Stopped" in text(lola.get(url))


def test_only_location_admins_of_the_shop_see_a_file(
    circle: Circle, lola: Client, log_in: LogIn
) -> None:
    saved(circle)
    url = upload(lola, text(lola.get("/locations/export.csv")))["Location"]

    agent = log_in(staff(circle, Role.AGENT))

    assert agent.get(url).status_code == agent.post(f"{url}confirm/").status_code == 403
    assert LocationImport.objects.get().state == "preview"
