"""Secrets go into the admin and never come out of it, but for the one page that is for that."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.narvar.connections import issue_webhook_credential
from returns_ops.narvar.models import Connection, WebhookCredential
from returns_ops.narvar.secrets import decrypt, fingerprint
from tests.accounts.admin_pages import MODELS, filled_in, logged_in, make_cast, page, pages_of
from tests.builders import make_shop, make_staff

NARVARS = "narvar's own password"
NEXT = "the next password of narvar"


@pytest.fixture
def root(db: None) -> Client:
    return logged_in(User.objects.create_superuser("root", password="a long enough password"))


def connected(shop: Shop) -> Connection:
    return Connection.objects.get(shop=shop)


def change(client: Client, shop: Shop, **changed: Any) -> Any:
    path = page("change", Shop, shop)
    return client.post(path, {**filled_in(client.get(path)), **changed})


def issue(client: Client, *shops: Shop) -> Any:
    chosen = {
        "action": "issue_webhook_password",
        "_selected_action": [shop.pk for shop in shops],
    }
    return client.post(page("changelist", Shop), chosen, follow=True)


def trail() -> str:
    return f"{list(AuditEntry.objects.values())} {list(LogEntry.objects.values())}"


def test_no_page_shows_a_secret(root: Client, shop: Shop) -> None:
    cast = make_cast(shop)
    change(root, shop, **{"connection-0-narvar_password": NARVARS})
    Client().post("/login/", {"username": "penny", "password": "a slip of the pen"})
    link = connected(shop)
    credential = WebhookCredential.objects.get()
    hashes = [user.password for user in User.objects.all()]
    hidden = [
        NARVARS,
        link.narvar_password_encrypted,
        cast.webhook_password,
        bytes(credential.password_sha256).hex(),
        "a slip of the pen",
        *hashes,
    ]

    for path in [path for model in MODELS for path in pages_of(cast, model)]:
        html = root.get(path).content.decode()
        assert [secret for secret in hidden if secret in html] == [], path
        assert "memory at 0x" not in html
        assert "narvar_password_encrypted" not in html


def test_an_entered_password_replaces_the_old_one_encrypted(root: Client, shop: Shop) -> None:
    Connection.objects.update(problem="Narvar refused our credential (401)")

    answer = change(root, shop, **{"connection-0-narvar_password": NEXT})

    assert answer.status_code == 302
    link = connected(shop)
    assert NEXT not in link.narvar_password_encrypted
    assert decrypt(link.narvar_password_encrypted) == NEXT
    assert link.problem == ""


def test_the_trail_tells_of_the_password_without_it(root: Client, shop: Shop) -> None:
    change(root, shop, **{"connection-0-narvar_password": NEXT})

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.shop) == ("admin.shop_changed", shop)
    assert "Narvar's password" in str(entry.data["changes"])
    assert NEXT not in trail()
    assert connected(shop).narvar_password_encrypted not in trail()


def test_an_empty_field_keeps_the_password(root: Client, shop: Shop) -> None:
    before = connected(shop).narvar_password_encrypted

    change(root, shop, **{"connection-0-narvar_username": "renamed"})

    assert connected(shop).narvar_username == "renamed"
    assert connected(shop).narvar_password_encrypted == before


def test_a_refused_form_does_not_give_the_password_back(root: Client, shop: Shop) -> None:
    before = Connection.objects.values().get()
    evil = {"connection-0-narvar_url": "https://evil.example"}

    answer = change(root, shop, **evil, **{"connection-0-narvar_password": NEXT})

    assert answer.status_code == 200
    assert "evil.example is not one of NARVAR_HOSTS" in answer.content.decode()
    assert NEXT not in answer.content.decode()
    assert Connection.objects.values().get() == before
    assert not AuditEntry.objects.exists()


def test_a_first_connection_needs_a_password(root: Client) -> None:
    shop = make_shop(connected=False)
    form = {
        "connection-0-narvar_url": "https://szero.narvar.com",
        "connection-0-narvar_username": "larkspur",
    }

    assert change(root, shop, **form).status_code == 200
    assert not Connection.objects.exists()

    assert change(root, shop, **form, **{"connection-0-narvar_password": NEXT}).status_code == 302
    assert decrypt(connected(shop).narvar_password_encrypted) == NEXT


def test_a_superuser_makes_a_shop(root: Client) -> None:
    form = {
        **filled_in(root.get(page("add", Shop))),
        "domain": "New.MyShopify.com",
        "currency": "eur",
        "timezone": "Europe/Berlin",
    }

    assert root.post(page("add", Shop), form).status_code == 302

    shop = Shop.objects.get()
    assert (shop.domain, shop.currency) == ("new.myshopify.com", "EUR")
    assert AuditEntry.objects.get().action == "admin.shop_added"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"currency": "ZZZ"}, "is not a currency"),
        ({"timezone": "America"}, "is not a time zone"),
        ({"aliases": "nonsense"}, "is not a domain"),
        ({"hold_seconds": "601"}, "less than or equal to 600"),
    ],
)
def test_what_is_wrong_with_a_shop_is_said(
    root: Client, shop: Shop, changed: dict[str, str], words: str
) -> None:
    before = Shop.objects.values().get()

    answer = change(root, shop, **changed)

    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert Shop.objects.values().get() == before


def test_a_new_webhook_password_is_shown_once(root: Client, shop: Shop) -> None:
    answer = issue(root, shop)

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer.redirect_chain == []
    door = answer.context["door"]
    html = answer.content.decode()
    assert door.webhook_password in html
    assert f"/webhooks/narvar/{shop.uuid}/" in html
    pair = WebhookCredential.objects.get()
    assert bytes(pair.password_sha256) == fingerprint(door.webhook_password)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.shop) == ("shop.webhook_password_issued", shop)
    assert entry.data == {"username": door.webhook_username}
    assert door.webhook_password not in trail()
    assert door.webhook_password not in root.get(page("change", Shop, shop)).content.decode()
    assert door.webhook_password not in str(root.cookies)


def test_issuing_keeps_the_pair_before_it_valid(root: Client, shop: Shop) -> None:
    first, second = issue_webhook_credential(shop), issue_webhook_credential(shop)

    issue(root, shop)

    valid = WebhookCredential.objects.filter(retired_at=None).values_list("username", flat=True)
    assert len(valid) == 2
    assert second.webhook_username in valid
    assert first.webhook_username not in valid


def test_one_password_is_issued_at_a_time(root: Client, shop: Shop) -> None:
    answer = issue(root, shop, make_shop())

    assert "Choose one shop" in answer.content.decode()
    assert not WebhookCredential.objects.exists()


def test_a_security_admin_issues_for_their_own_shop_only(shop: Shop) -> None:
    sams = logged_in(make_staff("sam", shop, Role.SECURITY_ADMIN, is_staff=True))
    other = make_shop()

    issue(sams, other)
    assert not WebhookCredential.objects.exists()

    issue(sams, shop)
    assert WebhookCredential.objects.get().shop == shop


def test_credentials_are_listed_and_cannot_be_edited(root: Client, shop: Shop) -> None:
    issue_webhook_credential(shop)
    before = WebhookCredential.objects.values("id", "username", "retired_at").get()
    more = {
        "webhook_credentials-TOTAL_FORMS": "2",
        "webhook_credentials-0-username": "changed",
        "webhook_credentials-0-DELETE": "on",
        "webhook_credentials-1-username": "added",
    }

    html = root.get(page("change", Shop, shop)).content.decode()
    change(root, shop, **more)

    assert before["username"] in html
    assert WebhookCredential.objects.values("id", "username", "retired_at").get() == before
