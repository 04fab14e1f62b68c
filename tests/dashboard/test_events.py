import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.dashboard import consoles
from returns_ops.dashboard.show.bodies import masked
from returns_ops.dashboard.show.tree import tree_of
from returns_ops.messaging.models import EventState
from returns_ops.returns.models import Rma
from tests.builders import give_role, make_event, make_rma_event, make_shop, make_staff

HTMX = {"HX-Request": "true"}
EMAIL = "jane.doe@example.com"


def rows(client: Client, **asked: str) -> list[str]:
    console = client.get(reverse("messages_in"), asked).context["console"]
    return [row.subject for row in console.rows]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"outcome": "applied"}, "Applied"),
        ({"outcome": "created"}, "Applied"),
        ({"outcome": "older"}, "Older, kept as history"),
        ({"outcome": "same"}, "Nothing new"),
        ({"state": EventState.PENDING}, "Waiting"),
        ({"state": EventState.DEAD, "reason": "no_status"}, "No return status"),
        ({"state": EventState.PARKED, "reason": "shop_inactive"}, "The shop is switched off"),
    ],
)
def test_a_result_is_said_in_words(
    fields: dict[str, Any], words: str, client: Client, shop: Shop
) -> None:
    make_event(shop, **fields)

    assert words in client.get(reverse("messages_in")).content.decode()


@pytest.mark.parametrize(
    ("state", "fields"),
    [
        ("dead", {"state": EventState.DEAD, "reason": "empty"}),
        ("parked", {"state": EventState.PARKED}),
        ("pending", {"state": EventState.PENDING}),
        ("duplicates", {"deliveries": 3}),
        ("flagged", {"flags": ["The topic says x, the body y"]}),
        ("older", {"outcome": "older"}),
    ],
)
def test_a_filter_keeps_only_what_it_names(
    state: str, fields: dict[str, Any], client: Client, shop: Shop
) -> None:
    make_event(shop, subject="OTHER", outcome="applied")
    make_event(shop, subject="WANTED", **fields)

    assert rows(client, state=state) == ["WANTED"]
    assert rows(client, state="'; --", reason="x") == ["WANTED", "OTHER"]


def test_failures_are_counted_and_offered_by_reason(client: Client, shop: Shop) -> None:
    for reason in ("empty", "empty", "no_status"):
        make_event(shop, state=EventState.DEAD, reason=reason, subject=reason)

    console = client.get(reverse("messages_in"), {"state": "dead"}).context["console"]

    assert {one.name: one.number for one in console.filters}["Failed"] == 3
    assert [(one.name, one.number) for one in console.reasons[1:]] == [
        ("The body is empty", 2),
        ("No return status", 1),
    ]
    assert rows(client, state="dead", reason="no_status") == ["no_status"]


def test_a_search_without_an_index_looks_back_in_steps(
    client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event(shop, subject="OLD", deliveries=2)
    for _ in range(5):
        make_event(shop)
    monkeypatch.setattr(consoles, "LOOK_BACK", 4)

    first = client.get(reverse("messages_in"), {"state": "duplicates"}).context["console"]
    further = client.get(first.looked_to).context["console"]

    assert first.rows == []
    assert [row.subject for row in further.rows] == ["OLD"]
    assert further.looked_to == ""


def test_an_open_list_hears_of_news_and_of_what_it_waits_for(client: Client, shop: Shop) -> None:
    waiting = make_event(shop, state=EventState.PENDING)
    changes = client.get(reverse("messages_in")).context["console"].changes
    make_event(shop), make_event(shop)
    type(waiting).objects.filter(pk=waiting.pk).update(state=EventState.DONE, outcome="older")

    news = client.get(changes, headers=HTMX).content.decode()

    assert news.startswith("2 new<")
    assert "last received 0 s ago" in news
    assert f'id="event-{waiting.pk}" class="result" hx-swap-oob="true"' in news
    assert "Older, kept as history" in news


def test_a_list_costs_the_same_for_three_shops(
    client: Client, ana: User, shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for other in (make_shop(), make_shop()):
        give_role(ana, other, Role.AGENT)
        make_event(other)
    changes = client.get(reverse("messages_in")).context["console"].changes

    with django_assert_max_num_queries(8):
        client.get(reverse("messages_in"))
    with django_assert_max_num_queries(6):
        client.get(changes, headers=HTMX)


def test_a_detail_shows_what_it_changed_and_what_else_came(
    client: Client, shop: Shop, rma: Rma, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    body = json.dumps({"items": [{"sku": f"S{number}"} for number in range(40)]}).encode()
    event = make_event(shop, body, subject=rma.rma_number, flags=["No X-Narvar-Topic header"])
    changes = {"narvar_status": ["initiated", "approved"], "email": ["", EMAIL]}
    make_rma_event(rma, "Status changed: approved", event=event, changes=changes)
    other = make_event(shop, subject=rma.rma_number, outcome="older")

    with django_assert_max_num_queries(8):
        page = client.get(reverse("event", args=[event.pk])).content.decode()

    assert "<del><bdi>initiated</bdi></del> → <bdi>approved</bdi>" in page
    assert reverse("event", args=[other.pk]) in page
    assert "No X-Narvar-Topic header" in page
    assert EMAIL not in page


def test_an_address_is_masked_until_somebody_asks_and_that_is_noted(
    client: Client, ana: User, shop: Shop
) -> None:
    event = make_event(shop, json.dumps({"email": EMAIL, "n": {EMAIL: [EMAIL]}}).encode())

    before = client.get(reverse("event", args=[event.pk])).content.decode()
    part = client.post(reverse("event_reveal", args=[event.pk]), headers=HTMX).content.decode()
    whole = client.post(reverse("event_reveal", args=[event.pk])).content.decode()
    after = client.get(reverse("event", args=[event.pk])).content.decode()

    assert EMAIL not in before + after
    assert "j•••@example.com" in before
    assert part.lstrip().startswith('<section id="payload"')
    assert EMAIL in part
    assert EMAIL in whole
    entries = AuditEntry.objects.filter(action="event.revealed", actor=ana, shop=shop)
    assert [entry.data["event"] for entry in entries] == [event.pk, event.pk]


def test_looking_reveals_nothing(client: Client, shop: Shop) -> None:
    assert client.get(reverse("event_reveal", args=[make_event(shop).pk])).status_code == 405


def test_who_may_not_resolve_is_not_offered_an_address(shop: Shop, client: Client) -> None:
    client.force_login(make_staff(shop=shop, role=Role.SECURITY_ADMIN))
    event = make_event(shop, json.dumps({"email": EMAIL}).encode())

    page = client.get(reverse("event", args=[event.pk])).content.decode()

    assert "Show e-mail addresses" not in page
    assert "Replay…" not in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to jane@example.com.", "write to j•••@example.com."),
        ("a@b.co,c.d+e@f.gh", "a•••@b.co,c•••@f.gh"),
        ("3 @ 5, user@localhost, @example.com", "3 @ 5, user@localhost, @example.com"),
        ("", ""),
    ],
)
def test_an_address_is_masked_wherever_it_stands(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_masking_takes_no_longer_for_a_long_word() -> None:
    assert masked("a" * 1_000_000 + "@b.c") == "a•••@b.c"


def test_a_tree_shows_each_value_as_it_was_written() -> None:
    tree = tree_of(b'{"n": 49.90, "s": "49.90", "t": true, "z": null, "e": [], "x": "<b>"}')

    assert tree is not None
    for shown in ("<bdi>49.90</bdi>", "“49.90”", "true", "null", "empty", "&lt;b&gt;"):
        assert shown in tree


def test_a_long_text_is_cut_with_the_whole_on_demand() -> None:
    tree = tree_of(json.dumps({"note": "n" * 500}).encode())

    assert tree is not None
    assert f"<summary><bdi>{'n' * 120}…</bdi></summary>" in tree
    assert "n" * 500 in tree


@pytest.mark.parametrize(
    "body", [b"[" * 900 + b"]" * 900, json.dumps([0] * 100_000).encode(), b"{}", b"1", b'"x"']
)
def test_a_tree_stays_small(body: bytes) -> None:
    assert len(tree_of(body) or "") < 400_000


def test_a_time_waited_for_is_counted_down(client: Client, shop: Shop) -> None:
    make_event(
        shop,
        state=EventState.PENDING,
        attempts=1,
        problem="OperationalError while applying",
        next_attempt_at=timezone.now() + timedelta(seconds=30.9),
    )

    page = client.get(reverse("messages_in")).content.decode()

    assert "Try 2 in <time" in page
    assert "OperationalError while applying" in page
