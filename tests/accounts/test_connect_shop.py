"""The command that makes a shop known, and hands out what to enter at Narvar."""

import json
import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.test import Client

from returns_ops.accounts.models import AuditEntry, Shop
from returns_ops.narvar.models import Connection, WebhookCredential
from returns_ops.narvar.secrets import decrypt
from tests.narvar.knocking import basic

PASSWORD = "narvar's own password"


@pytest.fixture(autouse=True)
def _password(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARVAR_PASSWORD", PASSWORD)


def connect_shop(domain: str = "larkspur.myshopify.com", **options: Any) -> dict[str, str]:
    known = {"narvar_url": "https://szero.narvar.com", "narvar_username": "larkspur"}
    out = StringIO()
    call_command("connect_shop", domain, stdout=out, **{**known, **options})
    door: dict[str, str] = json.loads(out.getvalue())
    return door


def everything() -> list[list[dict[str, Any]]]:
    models: list[type[Model]] = [Shop, Connection, WebhookCredential, AuditEntry]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_a_new_shop_is_made_with_its_connection_and_a_door() -> None:
    door = connect_shop(currency="eur", timezone="Europe/Berlin")

    shop = Shop.objects.get()
    assert (shop.domain, shop.currency) == ("larkspur.myshopify.com", "EUR")
    assert (shop.timezone, shop.aliases, shop.active) == ("Europe/Berlin", [], True)
    assert shop.connection.narvar_url == "https://szero.narvar.com"
    assert shop.connection.narvar_username == "larkspur"
    assert door["webhook_url"].endswith(f"/webhooks/narvar/{shop.uuid}/")
    assert WebhookCredential.objects.get().username == door["webhook_username"]
    assert AuditEntry.objects.get().action == "shop.connected"


def test_what_is_printed_opens_the_door() -> None:
    door = connect_shop()
    path = f"/webhooks/narvar/{Shop.objects.get().uuid}/"
    shown = basic(door["webhook_username"], door["webhook_password"])

    answer = Client().post(path, b"{}", "application/json", headers={"Authorization": shown})

    assert answer.status_code == 200


def test_a_new_shop_is_in_dollars_and_utc_unless_told() -> None:
    connect_shop()

    assert (Shop.objects.get().currency, Shop.objects.get().timezone) == ("USD", "UTC")


def test_narvars_password_is_encrypted_at_rest() -> None:
    connect_shop()

    stored = Connection.objects.get().narvar_password_encrypted
    assert PASSWORD not in stored
    assert decrypt(stored) == PASSWORD


def test_our_password_is_not_kept_at_all() -> None:
    door = connect_shop()

    kept = f"{everything()} {bytes(WebhookCredential.objects.get().password_sha256)!r}"
    assert door["webhook_password"] not in kept


def test_the_pair_fits_into_one_line_of_narvars_encoder() -> None:
    for number in range(20):
        door = connect_shop(f"shop{number}.myshopify.com")
        pair = f"{door['webhook_username']}:{door['webhook_password']}"
        assert len(pair.encode()) <= 45
        assert ":" not in door["webhook_username"]


def test_a_second_run_updates_the_shop_and_keeps_the_old_pair_valid() -> None:
    first = connect_shop(currency="CAD", timezone="America/Toronto")
    uuid_before = Shop.objects.get().uuid

    second = connect_shop(narvar_username="renamed")

    shop = Shop.objects.get()
    assert shop.uuid == uuid_before
    assert first["webhook_url"] == second["webhook_url"]
    assert shop.connection.narvar_username == "renamed"
    assert (shop.currency, shop.timezone) == ("CAD", "America/Toronto")
    valid = WebhookCredential.objects.filter(retired_at=None).values_list("username", flat=True)
    assert set(valid) == {first["webhook_username"], second["webhook_username"]}
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["shop.connected", "shop.reconnected"]


def test_a_third_run_retires_the_oldest_pair() -> None:
    names = [connect_shop()["webhook_username"] for _ in range(3)]

    valid = WebhookCredential.objects.filter(retired_at=None).values_list("username", flat=True)
    assert set(valid) == set(names[1:])
    assert WebhookCredential.objects.count() == 3


def test_a_new_password_of_narvars_replaces_the_old(monkeypatch: pytest.MonkeyPatch) -> None:
    connect_shop()
    monkeypatch.setenv("NARVAR_PASSWORD", "the next one")
    Connection.objects.update(problem="Narvar refused our credential (401)")

    connect_shop()

    assert decrypt(Connection.objects.get().narvar_password_encrypted) == "the next one"
    assert Connection.objects.get().problem == ""


def test_aliases_add_up_in_lower_case() -> None:
    connect_shop(aliases=["Larkspur.example.com"])
    connect_shop(aliases=["shop.example.com", "larkspur.example.com "])

    assert Shop.objects.get().aliases == ["larkspur.example.com", "shop.example.com"]


def test_the_domain_may_be_written_in_any_case() -> None:
    connect_shop()
    connect_shop(" Larkspur.MyShopify.com ")

    assert Shop.objects.get().domain == "larkspur.myshopify.com"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"domain": "larkspur"}, "'larkspur' is not a domain"),
    ({"domain": "https://larkspur.myshopify.com/"}, "is not a domain"),
    ({"domain": "two words.com"}, "is not a domain"),
    ({"domain": "x" * 260 + ".com"}, "is not a domain"),
    ({"aliases": ["nonsense"]}, "'nonsense' is not a domain"),
    ({"currency": "DOLLAR"}, "'DOLLAR' is not a currency"),
    ({"currency": "ZZZ"}, "'ZZZ' is not a currency"),
    ({"timezone": "Mars/Olympus"}, "'Mars/Olympus' is not a time zone"),
    ({"timezone": "America"}, "'America' is not a time zone"),
    ({"timezone": "../etc/passwd"}, "is not a time zone"),
    ({"narvar_url": "https://narvar.evil.example"}, "narvar.evil.example is not one of"),
    ({"narvar_url": "https://szero.narvar.com@evil.example"}, "evil.example is not one of"),
    ({"narvar_url": "http://szero.narvar.com"}, "szero.narvar.com is not one of"),
    ({"narvar_url": "szero.narvar.com"}, "is not a URL such as"),
    ({"narvar_url": "ftp://127.0.0.1"}, "is not a URL such as"),
    ({"narvar_url": "https://[1"}, "Invalid IPv6 URL"),
    ({"narvar_username": ""}, "user name must not be empty"),
    ({"narvar_username": "a:b"}, "cannot hold a colon"),
]


@pytest.mark.parametrize(("options", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_said_and_nothing_changes(options: dict[str, Any], words: str) -> None:
    connect_shop()
    before = everything()

    with pytest.raises(CommandError) as refusal:
        connect_shop(**{"domain": "new.myshopify.com", **options})

    assert words in str(refusal.value)
    assert everything() == before


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(CommandError) as refusal:
        connect_shop("nonsense", currency="ZZZ", timezone="Mars/Olympus", narvar_username="")

    for words in ("not a domain", "not a currency", "not a time zone", "must not be empty"):
        assert words in str(refusal.value)
    assert not Shop.objects.exists()


def test_an_empty_password_is_asked_for_and_then_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARVAR_PASSWORD", "")
    asked = "returns_ops.narvar.management.commands.connect_shop.getpass"
    monkeypatch.setattr(asked, lambda prompt: "")

    with pytest.raises(CommandError, match="password must not be empty"):
        connect_shop()

    assert not Shop.objects.exists()


@pytest.mark.parametrize(
    ("domain", "aliases"),
    [
        ("larkspur.example.com", []),
        ("new.myshopify.com", ["larkspur.example.com"]),
        ("new.myshopify.com", ["Larkspur.MyShopify.com"]),
    ],
)
def test_no_name_belongs_to_two_shops(domain: str, aliases: list[str]) -> None:
    connect_shop(aliases=["larkspur.example.com"])
    before = everything()

    with pytest.raises(CommandError, match=r"already belongs to larkspur\.myshopify\.com"):
        connect_shop(domain, aliases=aliases)

    assert everything() == before


def test_a_loopback_simulator_is_fit_for_development() -> None:
    connect_shop(narvar_url="http://127.0.0.1:8901/")

    assert Connection.objects.get().narvar_url == "http://127.0.0.1:8901"


def test_the_address_of_the_door_cannot_be_guessed() -> None:
    connect_shop()

    assert Shop.objects.get().uuid.version == uuid.uuid4().version
