import re
from collections.abc import Callable
from http.cookies import Morsel
from pathlib import Path

import pytest
from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import PERMISSIONS, Permission, Role
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.bench import (
    COOKIE,
    LARGEST_GAP,
    LONGEST_NAME,
    SMALLEST_GAP,
    BenchDevice,
    bench_of,
    location_of,
)
from returns_ops.dashboard.cards import COMMAND_CARDS, TEST_CARD
from returns_ops.returns.codes import COMMANDS, CodeKind, read_code
from returns_ops.returns.models import ReturnLocation
from tests.builders import make_shop, make_staff

LogIn = Callable[[User], Client]
STATIC = Path(settings.BASE_DIR) / "static"
PAGES = ["/scan/setup/", "/scan/check/", "/scan/cards/"]
FILLED = {"name": "Bench 2", "location": "", "density": "bench", "sound": "on", "gap": "60"}


def device_of(client: Client) -> BenchDevice:
    """What the server reads from this browser."""
    return device_with(client.cookies[COOKIE].value if COOKIE in client.cookies else None)


def device_with(cookie: str | None) -> BenchDevice:
    request = HttpRequest()
    request.COOKIES = {} if cookie is None else {COOKIE: cookie}
    return bench_of(request)


def cookie_of(client: Client) -> "Morsel[str]":
    return client.cookies[COOKIE]


@pytest.fixture
def andover(shop: Shop) -> ReturnLocation:
    return ReturnLocation.objects.create(shop=shop, name="Andover DC")


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("role", Role.values)
def test_the_pages_are_for_people_who_receive(
    role: str, url: str, shop: Shop, log_in: LogIn
) -> None:
    client = log_in(make_staff(shop=shop, role=role))

    assert (client.get(url).status_code == 200) == (Permission.RECEIVE in PERMISSIONS[role])


@pytest.mark.parametrize("url", PAGES)
def test_a_stranger_is_sent_to_the_login(url: str, db: None) -> None:
    assert Client().get(url)["Location"] == f"/login/?next={url}"


def test_a_bench_is_set_up_for_the_device_and_shows_at_once(
    wandas_client: Client, andover: ReturnLocation
) -> None:
    answer = wandas_client.post(
        "/scan/setup/", {**FILLED, "location": andover.pk, "name": "  Bench \n 2 "}, follow=True
    )

    assert answer.redirect_chain == [("/scan/setup/", 302)]
    page = answer.content.decode()
    assert "Saved on this device." in page
    assert 'data-density="bench"' in page
    assert 'value="Bench 2"' in page
    assert device_of(wandas_client) == BenchDevice("Bench 2", andover.pk, "bench", True, 60)
    cookie = cookie_of(wandas_client)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert int(cookie["max-age"]) >= 300 * 24 * 3600


def test_a_device_keeps_its_settings_when_another_person_logs_in(
    wandas_client: Client, ana: User
) -> None:
    wandas_client.post("/scan/setup/", {**FILLED, "sound": ""})
    wandas_client.force_login(ana)

    assert 'value="Bench 2"' in wandas_client.get("/scan/setup/").content.decode()
    assert device_of(wandas_client).sound is False


def test_a_device_that_is_not_set_up_is_a_desk_with_sound(wandas_client: Client) -> None:
    assert device_of(wandas_client) == BenchDevice()
    assert BenchDevice() == BenchDevice("", None, "desk", True, 45)
    page = wandas_client.get("/scan/setup/").content.decode()
    assert 'data-density="desk"' in page
    assert re.search(r'name="sound" checked', page)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"gap": "19"}, "Enter a whole number from 20 to 80."),
        ({"gap": "81"}, "Enter a whole number from 20 to 80."),
        ({"gap": "many"}, "Enter a whole number from 20 to 80."),
        ({"gap": ""}, "Enter a whole number from 20 to 80."),
        ({"name": "B" * 65}, "Use at most 64 characters."),
        ({"density": "huge"}, "Choose one of the two."),
        ({"location": "999999"}, "Choose one of the locations in the list."),
        ({"location": "x"}, "Choose one of the locations in the list."),
    ],
)
def test_bad_input_is_told_by_its_field_and_changes_nothing(
    wrong: dict[str, str], words: str, wandas_client: Client, shop: Shop
) -> None:
    answer = wandas_client.post("/scan/setup/", {**FILLED, **wrong})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'aria-invalid="true"' in page
    assert "<title>Error: Bench setup" in page
    assert f'value="{({**FILLED, **wrong})["name"]}"' in page
    assert COOKIE not in wandas_client.cookies


def test_a_location_of_another_shop_or_a_deleted_one_cannot_be_chosen(
    wandas_client: Client, andover: ReturnLocation
) -> None:
    strange = ReturnLocation.objects.create(shop=make_shop(), name="Elsewhere")
    gone = ReturnLocation.objects.create(
        shop=andover.shop, name="Old", sync="deleted", removed_at="2026-01-01T00:00:00Z"
    )

    page = wandas_client.get("/scan/setup/").content.decode()
    assert "Andover DC" in page
    assert "Elsewhere" not in page
    for location in (strange, gone):
        answer = wandas_client.post("/scan/setup/", {**FILLED, "location": location.pk})
        assert answer.status_code == 422
    assert COOKIE not in wandas_client.cookies


def test_the_place_of_a_device_is_known_to_people_of_its_shop_only(
    andover: ReturnLocation, wanda: User
) -> None:
    device = BenchDevice(location=andover.pk)
    stranger = make_staff(shop=make_shop(), role=Role.WAREHOUSE)

    assert location_of(Access(wanda), device) == andover
    assert location_of(Access(stranger), device) is None
    assert location_of(Access(wanda), BenchDevice()) is None


def test_the_check_saves_the_gap_and_nothing_else(wandas_client: Client) -> None:
    wandas_client.post("/scan/setup/", FILLED)

    answer = wandas_client.post("/scan/check/", {"gap": "35", "name": "Mine"}, follow=True)

    assert answer.redirect_chain == [("/scan/check/", 302)]
    assert device_of(wandas_client) == BenchDevice("Bench 2", None, "bench", True, 35)


def test_the_check_refuses_a_gap_no_scanner_has(wandas_client: Client) -> None:
    answer = wandas_client.post("/scan/check/", {"gap": "5000"})

    assert answer.status_code == 422
    assert "Enter a whole number from 20 to 80." in answer.content.decode()
    assert 'value="5000"' in answer.content.decode()
    assert COOKIE not in wandas_client.cookies


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_a_forged_cookie_is_as_good_as_none(cookie: str) -> None:
    assert device_with(cookie) == BenchDevice()


ODD = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("name", "location", "density", "sound", "gap"), ODD)
    )
    | ODD
)
def test_a_cookie_of_another_version_is_read_in_full_or_not_at_all(kept: object) -> None:
    device = device_with(signing.dumps(kept, salt=COOKIE))

    assert SMALLEST_GAP <= device.gap <= LARGEST_GAP
    assert len(device.name) <= LONGEST_NAME
    assert device.density in ("bench", "desk")
    assert isinstance(device.sound, bool)


def test_there_is_a_card_for_every_command_and_it_reads_as_one() -> None:
    read = {read_code(card.code) for card in COMMAND_CARDS}

    assert {code.kind for code in read} == {CodeKind.COMMAND}
    assert {code.candidates[0] for code in read} == COMMANDS
    assert len(COMMAND_CARDS) == len(COMMANDS)


def test_the_cards_are_printed_with_bars_and_their_text(wandas_client: Client) -> None:
    page = wandas_client.get("/scan/cards/").content.decode()

    for card in (*COMMAND_CARDS, TEST_CARD):
        assert f">{card.code}</p>" in page
        assert f'aria-label="Barcode {card.code}"' in page
    assert page.count("<svg xmlns") >= len(COMMAND_CARDS) + 1
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)


def test_scripts_and_styles_of_the_bench_stay_small() -> None:
    limits = {"bench.js": 10_000, "bench_keys.js": 2_500, "scanner.js": 7_500}
    limits["scanner_check.js"] = 7_000

    for name, limit in limits.items():
        assert (STATIC / "js" / name).stat().st_size <= limit, name
