"""Every page of the admin: open to a superuser, closed to others, fast, and plain enough."""

import re

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.accounts.records import CappedPaginator
from returns_ops.messaging.models import Command, Event
from returns_ops.returns.models import ReturnLocation, Rma
from tests.accounts.admin_pages import (
    MODELS,
    RECORDS,
    Cast,
    filled_in,
    logged_in,
    make_cast,
    page,
    pages_of,
)
from tests.builders import make_command, make_event, make_rma, make_shop, make_staff, make_token

NAMES = [model._meta.label for model in MODELS]


@pytest.fixture
def cast(shop: Shop) -> Cast:
    return make_cast(shop)


@pytest.fixture
def root(db: None) -> Client:
    return logged_in(User.objects.create_superuser("root", password="a long enough password"))


def inline_parts(html: str) -> list[str]:
    """What a strict content security policy forbids."""
    found = re.findall(r"<style[\s>]|\sstyle=|\son[a-z]+=\"", html)
    return found + re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", html)


def test_the_cast_has_one_of_every_kind(cast: Cast) -> None:
    assert set(cast.one) == set(MODELS)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_every_page_opens_for_a_superuser(cast: Cast, root: Client, model: type[Model]) -> None:
    for path in pages_of(cast, model):
        answer = root.get(path)
        html = answer.content.decode()

        assert answer.status_code == 200, path
        assert inline_parts(html) == [], path
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "no-store"
        assert "Open Returns Ops" in html
        assert "css/admin.css" in html


@pytest.mark.parametrize("path", ["admin:index", "admin:password_change"])
def test_the_admins_own_pages_open_too(root: Client, path: str) -> None:
    answer = root.get(reverse(path))

    assert answer.status_code == 200
    assert inline_parts(answer.content.decode()) == []


def test_the_login_of_the_admin_opens_for_a_stranger(db: None) -> None:
    answer = Client().get(reverse("admin:login"))

    assert answer.status_code == 200
    assert inline_parts(answer.content.decode()) == []


@pytest.mark.parametrize("role", [Role.WAREHOUSE, Role.AGENT, Role.APPROVER, Role.LOCATION_ADMIN])
def test_no_page_opens_for_any_other_role(cast: Cast, role: str) -> None:
    person = logged_in(make_staff("eve", cast.shop, role))
    let_in = logged_in(make_staff("mallory", cast.shop, role, is_staff=True))

    closed = set(MODELS) - ({ReturnLocation} if role == Role.LOCATION_ADMIN else set())
    for path in [path for model in closed for path in pages_of(cast, model)]:
        assert person.get(path).status_code == 302
        # What a person may not even see is as if it were not there: back to the index.
        answer = let_in.get(path)
        assert answer.status_code == 403 or answer["Location"] == reverse("admin:index"), path
    assert "accounts/" not in let_in.get(reverse("admin:index")).content.decode()


def test_a_stranger_is_sent_to_the_login(cast: Cast) -> None:
    for path in [path for model in MODELS for path in pages_of(cast, model)]:
        answer = Client().get(path)
        assert answer.status_code == 302
        assert "login/" in answer["Location"]


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
def test_records_are_only_read(cast: Cast, root: Client, model: type[Model]) -> None:
    one = cast.one[model]
    before = list(model._default_manager.values())

    assert root.get(page("add", model)).status_code == 403
    assert root.post(page("add", model), {}).status_code == 403
    assert root.post(page("change", model, one), {"state": "cancelled"}).status_code == 403
    assert root.get(page("delete", model, one)).status_code == 403
    assert root.post(page("delete", model, one), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [one.pk], "post": "yes"}
    assert root.post(page("changelist", model), chosen).status_code == 200

    assert list(model._default_manager.values()) == before
    assert "delete_selected" not in root.get(page("changelist", model)).content.decode()


@pytest.mark.parametrize("model", [User, Shop], ids=lambda model: model.__name__)
def test_people_and_shops_are_switched_off_not_deleted(
    cast: Cast, root: Client, model: type[Model]
) -> None:
    path = page("delete", model, cast.one[model])

    assert root.post(path, {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=cast.one[model].pk).exists()


@pytest.mark.parametrize("model", [Event, Command], ids=lambda model: model.__name__)
def test_a_body_is_shown_as_text_and_never_as_markup(root: Client, model: type[Model]) -> None:
    shop = make_shop()
    body = b"<script>alert(1)</script> \xff\x00 caf\xc3\xa9"
    one: Model = make_event(shop, body)
    if model is Command:
        one = make_command(make_rma(shop), by=make_staff(), body=body)

    html = root.get(page("change", model, one)).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt; \ufffd\ufffd café" in html
    assert "<script>alert" not in html
    assert "memory at 0x" not in html
    assert "b&#x27;" not in html


def test_an_endless_body_is_cut(root: Client, shop: Shop) -> None:
    event = make_event(shop, b"x" * 2_000_000)

    html = root.get(page("change", Event, event)).content.decode()

    assert "1900000 more characters" in html
    assert len(html) < 200_000


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
def test_a_list_counts_no_further_than_it_shows(
    cast: Cast, root: Client, model: type[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CappedPaginator, "LONGEST", 3)
    for _ in range(5):
        make_event(cast.shop)
        make_command(make_rma(cast.shop), by=cast.person)

    with CaptureQueriesContext(connection) as queries:
        answer = root.get(page("changelist", model))

    table = f'"{model._meta.db_table}"'
    asked = [query["sql"] for query in queries if f"FROM {table}" in query["sql"]]
    counts = [sql for sql in asked if "COUNT(" in sql]
    assert len(asked) == 2
    assert [("LIMIT 3" in sql) for sql in counts] == [True]
    assert answer.context["cl"].result_count <= 3


def test_a_list_leaves_the_bodies_in_the_database(cast: Cast, root: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        root.get(page("changelist", Event))
        root.get(page("changelist", Command))

    assert not [query for query in queries if '"body"' in query["sql"]]


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
def test_a_longer_list_takes_no_more_queries(cast: Cast, root: Client, model: type[Model]) -> None:
    root.get(page("changelist", model))
    with CaptureQueriesContext(connection) as few:
        root.get(page("changelist", model))
    for _ in range(5):
        person = make_staff(shop=cast.shop)
        make_event(cast.shop)
        make_command(make_rma(cast.shop), by=person)

    with CaptureQueriesContext(connection) as many:
        root.get(page("changelist", model))

    assert len(many) == len(few)


@pytest.mark.parametrize(("query", "found"), [("LKR00", 2), ("lkr001", 1), ("LKR9", 0), ("", 3)])
def test_an_rma_is_found_by_its_number_or_how_it_begins(
    root: Client, shop: Shop, query: str, found: int
) -> None:
    for number in ("LKR001", "LKR002", "OTHER1"):
        make_token(make_rma(shop, number), number)

    answer = root.get(page("changelist", Rma), {"q": query})

    assert answer.context["cl"].result_count == found


@pytest.mark.parametrize("model", [Event, Command], ids=lambda model: model.__name__)
def test_messages_are_found_by_the_whole_rma_number(root: Client, model: type[Model]) -> None:
    rma = make_rma()
    make_event(rma.shop, subject=rma.rma_number)
    make_command(rma, by=make_staff())
    make_event(rma.shop)

    with CaptureQueriesContext(connection) as queries:
        hits = root.get(page("changelist", model), {"q": rma.rma_number}).context["cl"]
    misses = root.get(page("changelist", model), {"q": rma.rma_number[:4]}).context["cl"]

    assert (hits.result_count, misses.result_count) == (1, 0)
    assert not [query for query in queries if "LIKE" in query["sql"]]


def test_a_command_is_found_by_its_call_reference(cast: Cast, root: Client) -> None:
    command = Command.objects.get()
    make_command(make_rma(cast.shop), by=cast.person)

    answer = root.get(page("changelist", Command), {"q": str(command.call_reference_id)})

    assert list(answer.context["cl"].result_list) == [command]


def test_columns_without_an_index_cannot_be_sorted_by(cast: Cast, root: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert root.get(page("changelist", Rma), {"o": "4"}).status_code == 200

    listed = [q["sql"] for q in queries if "ORDER BY" in q["sql"] and '"returns_rma"' in q["sql"]]
    assert listed
    assert all('ORDER BY "returns_rma"."id" DESC' in sql for sql in listed)


def test_an_unknown_filter_is_not_obeyed(cast: Cast, root: Client) -> None:
    answer = root.get(page("changelist", Rma), {"email__contains": "customer"})

    assert answer.status_code == 400


def test_submitting_a_page_unchanged_changes_nothing_but_the_trail(
    cast: Cast, root: Client
) -> None:
    path = page("change", Shop, cast.shop)
    before = Shop.objects.values().get()

    answer = root.post(path, filled_in(root.get(path)))

    assert answer.status_code == 302
    assert Shop.objects.values().get() == before
