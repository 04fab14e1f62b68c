import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.dashboard.listing import told
from returns_ops.returns import search
from returns_ops.returns.models import Rma, SearchToken
from returns_ops.returns.queues import Changes, Cursor, Wanted, page
from returns_ops.returns.states import Money, NarvarStatus, Work
from tests.builders import give_role, make_rma, make_shop, make_token

HTMX = {"HX-Request": "true"}


def numbers(client: Client, **asked: str) -> list[str]:
    page = client.get(reverse("rmas"), asked).content.decode()
    return re.findall(r"data-row><bdi>([^<]*)</bdi>", page)


@pytest.mark.parametrize("rows", [1, 60])
@pytest.mark.parametrize("shops", [1, 3])
def test_a_list_page_costs_six_queries_whatever_it_shows(
    rows: int,
    shops: int,
    client: Client,
    ana: User,
    shop: Shop,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    mine = [shop, *(make_shop() for _ in range(shops - 1))]
    for number in range(rows):
        make_rma(mine[number % shops])
    for other in mine[1:]:
        give_role(ana, other, Role.AGENT)

    with django_assert_max_num_queries(6):
        assert client.get(reverse("rmas")).status_code == 200


@pytest.mark.parametrize("few", [0, 5_000])
def test_a_search_costs_one_query_more_however_many_it_finds(
    few: int,
    client: Client,
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(search, "FEW", few)
    for number in ("RM-1", "RM-12", "RM-2"):
        make_token(make_rma(shop, number), number)
    make_token(make_rma(make_shop(), "RM-1"), "RM-1")

    with django_assert_max_num_queries(7):
        assert sorted(numbers(client, q="rm-1")) == ["RM-1", "RM-12"]


def test_what_many_have_is_paged_without_gap_or_repeat(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", 3)
    now, shops = timezone.now(), [shop, make_shop()]
    for number in range(12):
        rma = make_rma(shops[number % 2], created_at=now - timedelta(minutes=number // 3))
        for sku in ("SOCKS-L", "SOCKS-M")[: 1 + number % 2]:
            make_token(rma, sku, SearchToken.Kind.SKU)
    make_rma(shop, created_at=now)
    seen, after = list[int](), None

    while found := page(Wanted(query="socks"), shops, after=after, size=5):
        seen += [row["id"] for row in found.rows]
        after = found.after
        if after is None:
            break

    known = Rma.objects.filter(tokens__token__startswith="SOCKS").distinct()
    assert seen == list(known.order_by("-created_at", "-id").values_list("id", flat=True))


def test_pages_follow_one_another_without_gap_or_repeat(shop: Shop) -> None:
    now, other = timezone.now(), make_shop()
    for number in range(23):  # several share a moment, as imports do
        make_rma(other if number % 3 else shop, created_at=now - timedelta(minutes=number // 4))
    wanted, seen, after = Wanted(), list[int](), None

    while True:
        found = page(wanted, [shop, other], after=after, size=5)
        seen += [row["id"] for row in found.rows]
        after = found.after
        if after is None:
            break

    assert seen == list(Rma.objects.order_by("-created_at", "-id").values_list("id", flat=True))


def test_a_cursor_survives_the_address_bar() -> None:
    cursor = Cursor(timezone.now(), 17)

    assert Cursor.parse(str(cursor)) == cursor
    assert Cursor.parse("nonsense") is None
    assert Cursor.parse("2026-01-01T00:00:00~1") is None


def test_the_tabs_count_each_queue(client: Client, shop: Shop) -> None:
    make_rma(shop, work=Work.TO_DECIDE), make_rma(shop, work=Work.TO_DECIDE)
    make_rma(shop, work=Work.EXCEPTION)

    tabs = client.get(reverse("rmas")).context["list"].tabs

    counts = {tab.name: tab.count for tab in tabs}
    assert (counts["To decide"], counts["Exceptions"], counts["All"]) == (2, 1, 3)


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"tab": "exception"}, {"work": Work.EXCEPTION}),
        ({"status": "approved"}, {"narvar_status": NarvarStatus.APPROVED}),
        ({"status": "unknown"}, {"narvar_status": "returned"}),
        ({"method": "in_store"}, {"return_method": "in_store"}),
        ({"money": "refused"}, {"money": Money.REFUSED}),
        ({"deadline": "late"}, {"deadline_at": timezone.now() - timedelta(hours=1)}),
        ({"deadline": "24h"}, {"deadline_at": timezone.now() + timedelta(hours=5)}),
        ({"since": "1d"}, {"created_at": timezone.now() - timedelta(hours=3)}),
    ],
)
def test_a_filter_keeps_only_what_it_names(
    asked: dict[str, str], fields: dict[str, object], client: Client, shop: Shop
) -> None:
    make_rma(shop, "OTHER", deadline_at=timezone.now() + timedelta(days=30))
    make_rma(shop, "WANTED", **fields)

    assert numbers(client, **asked) == ["WANTED"]


def test_a_value_no_filter_knows_narrows_nothing(client: Client, shop: Shop) -> None:
    make_rma(shop, "RM-1")

    assert numbers(client, tab="nonsense", status="'; --", after="x", since="ever") == ["RM-1"]


def test_each_filter_has_a_chip_that_takes_it_away(client: Client, shop: Shop) -> None:
    asked = {"tab": "to_decide", "status": "approved", "money": "none"}

    chips = client.get(reverse("rmas"), asked).context["list"].chips

    assert [chip.text for chip in chips] == ["Status: Approved", "Money: Nothing sent"]
    assert chips[0].remove == "/rmas/?tab=to_decide&money=none"


def test_an_unknown_number_is_said_to_be_unknown(client: Client, shop: Shop) -> None:
    page = client.get(reverse("rmas"), {"q": "<RM-404>"}).content.decode()

    assert "Nothing found for <bdi>“&lt;RM-404&gt;”</bdi>" in page


def test_more_rows_come_as_rows_only(client: Client, shop: Shop) -> None:
    for _ in range(51):
        make_rma(shop)
    more = client.get(reverse("rmas")).context["list"].more

    part = client.get(more, headers=HTMX)

    assert part.content.decode().startswith("<tbody")
    assert len(part.context["list"].rows) == 1
    assert "HX-Request" in part["Vary"]


def test_the_bar_tells_what_came_and_what_changed(client: Client, shop: Shop) -> None:
    old = make_rma(shop, first_seen_at=timezone.now() - timedelta(days=1))
    changes = client.get(reverse("rmas")).context["list"].changes
    assert client.get(changes, headers=HTMX).status_code == 204

    make_rma(shop), make_rma(shop)
    Rma.objects.filter(pk=old.pk).update(changed_at=timezone.now())

    answer = client.get(changes, headers=HTMX)
    assert answer.content.decode() == "2 new returns, 1 changed"


def test_one_of_a_kind_is_told_in_the_singular() -> None:
    assert told(Changes(1, 0)) == "1 new return"
    assert told(Changes(0, 1)) == "1 return changed"
    assert told(Changes(0, 2)) == "2 returns changed"
    assert told(Changes(0, 0)) == ""


def test_a_row_names_everything_a_decision_starts_from(client: Client, shop: Shop) -> None:
    make_rma(
        shop,
        "A/1 ü",
        total=Decimal("1049.5"),
        narvar_status="returned",
        money=Money.ACCEPTED,
        gift=True,
        item_count=3,
        items_text="3 × <SOCK>",
        deadline_at=timezone.now() - timedelta(hours=3, minutes=1),
    )

    page = client.get(reverse("rmas")).content.decode()

    assert f'href="/rmas/{shop.domain}/A/1%20%C3%BC/"' in page
    assert "1,049.50 USD" in page
    assert "returned (unknown)" in page
    assert "Accepted by Narvar" in page
    assert "3 × &lt;SOCK&gt;" in page
    assert "3 h late" in page
    assert client.get(f"/rmas/{shop.domain}/A/1%20%C3%BC/").status_code == 200
