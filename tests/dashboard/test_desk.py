"""The lists of the exceptions desk."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.dashboard.views import desk as views
from returns_ops.returns.models import Case, CaseWatch, SavedView
from returns_ops.returns.states import CaseState, Cause
from tests.builders import give_role, make_rma, make_shop, make_staff
from tests.dashboard.desk_cases import look_at, make_case

LogIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def numbers(client: Client, **asked: str) -> list[str]:
    return [row.number for row in client.get("/exceptions/", asked).context["list"].rows]


@pytest.mark.parametrize("shops", [1, 3])
def test_a_page_of_cases_costs_the_same_however_many_there_are(
    shops: int,
    client: Client,
    ana: User,
    shop: Shop,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    mine = [shop, *(make_shop() for _ in range(shops - 1))]
    for other in mine[1:]:
        give_role(ana, other, Role.AGENT)
    sam = make_staff("sam", shop)
    for number in range(60):
        case = make_case(mine[number % shops], owner=sam if number % 2 else None)
        look_at(case, by=sam)

    with django_assert_max_num_queries(11):
        page = client.get("/exceptions/")

    assert len(page.context["list"].rows) == 50


def test_each_view_shows_its_own_cases(client: Client, ana: User, shop: Shop) -> None:
    sam, now = make_staff("sam", shop), timezone.now()
    make_case(shop, "MINE", owner=ana)
    make_case(shop, "SAMS", owner=sam)
    make_case(shop, "FREE")
    make_case(shop, "LATE", owner=sam, due_at=now - timedelta(hours=2))
    make_case(shop, "ASLEEP", state=CaseState.SNOOZED, snoozed_until=now + timedelta(days=1))
    make_case(shop, "DONE", state=CaseState.RESOLVED, closed_at=now, closed_because="Paid")
    CaseWatch.objects.create(case=make_case(shop, "WATCHED", owner=sam), user=ana)

    for tab, shown in {
        "all": {"MINE", "SAMS", "FREE", "LATE", "WATCHED"},
        "mine": {"MINE"},
        "unassigned": {"FREE"},
        "late": {"LATE"},
        "snoozed": {"ASLEEP"},
        "watching": {"WATCHED"},
        "resolved": {"DONE"},
        "nonsense": {"MINE", "SAMS", "FREE", "LATE", "WATCHED"},
    }.items():
        assert set(numbers(client, tab=tab)) == shown, tab


def test_a_row_says_why_how_late_and_whose(client: Client, ana: User, shop: Shop) -> None:
    sam, now = make_staff("sam", shop, first_name="Sam"), timezone.now()
    case = make_case(
        shop,
        "RM-1",
        owner=sam,
        due_at=now - timedelta(hours=3),
        deadline_at=now + timedelta(hours=4),
        times_opened=2,
        text="Narvar refused the decision: <b>400</b>",
    )
    look_at(case, by=sam, editing=True)

    html = client.get("/exceptions/").content.decode()

    assert "Narvar refused the decision: &lt;b&gt;400&lt;/b&gt;" in html
    for words in ("late</span>", "3 h late", "in 3 h", "came back, 2. time", "is writing", "Sam"):
        assert words in html
    assert case.rma is not None
    assert case.rma.email not in html
    assert "c•••@e•••.com" in html


def test_cases_of_one_cause_are_one_card(client: Client, shop: Shop) -> None:
    for place in range(3):
        make_case(shop, cause=Cause.REFUSED, group="bad key", fingerprint=f"{place % 2:016}")
    make_case(shop, cause=Cause.BENCH)

    page = client.get("/exceptions/", {"tab": "causes"})

    cards = page.context["cards"]
    assert [(card.title, card.number) for card in cards] == [
        ("Narvar refused", 3),
        ("The bench needs a person", 1),
    ]
    assert "149.97 USD" in page.content.decode()
    assert len(numbers(client, cause="refused")) == 3
    assert len(numbers(client, cause="refused", group=f"{1:016}")) == 1


def test_clocks_name_the_shop_the_sum_and_what_ends(client: Client, shop: Shop) -> None:
    ends = timezone.now() + timedelta(hours=5)
    until = ends.isoformat()
    policy = [
        {"name": name, "fires_at": "approved", "until": until} for name in ("refund", "restock")
    ]
    make_rma(shop, "SOON", deadline_at=ends, policy=policy, refunded=Decimal("9.99"))
    make_rma(shop, "LATER", deadline_at=ends + timedelta(days=9))

    html = client.get("/exceptions/", {"tab": "clocks"}).content.decode()

    assert "1 return · 40.00 USD" in html
    assert '<span class="number">40.00 USD</span>' in html
    assert "Refund and restock" in html
    assert "SOON" in html
    assert "LATER" not in html


def test_clocks_beyond_the_page_are_a_list_of_returns(
    client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "CLOCKS_SHOWN", 2)
    ends = timezone.now() + timedelta(hours=5)
    for number in range(4):
        make_rma(shop, f"RM-{number}", deadline_at=ends + timedelta(minutes=number))

    html = client.get("/exceptions/", {"tab": "clocks"}).content.decode()
    (link,) = re.findall(r'<a href="([^"]+)">And 2 more', html)
    listing = client.get(unescape(link)).content.decode()

    assert "RM-3" not in html
    assert "RM-3" in listing


def test_the_page_of_a_return_leads_to_its_open_cases(
    client: Client, wandas_client: Client, shop: Shop
) -> None:
    case = make_case(shop, "RM-1")
    assert case.rma is not None
    link = f'href="/exceptions/{case.pk}/"'

    assert link in client.get(case.rma.get_absolute_url()).content.decode()
    assert link not in wandas_client.get(case.rma.get_absolute_url()).content.decode()


def test_more_rows_follow_and_news_is_told(client: Client, shop: Shop) -> None:
    old = timezone.now() - timedelta(days=1)
    for _ in range(51):
        make_case(shop, opened_at=old, changed_at=old)
    listing = client.get("/exceptions/").context["list"]

    part = client.get(listing.more, headers=HTMX)
    assert part.content.decode().startswith("<tbody")
    assert len(part.context["list"].rows) == 1
    assert client.get(listing.changes).status_code == 204

    make_case(shop)
    Case.objects.filter(pk=listing.rows[0].id).update(changed_at=timezone.now())
    assert client.get(listing.changes).content.decode() == "1 new case, 1 changed"
    assert client.get("/exceptions/changes/?since=x").status_code == 204


def test_a_view_is_kept_shared_and_deleted(
    client: Client, ana: User, shop: Shop, log_in: LogIn
) -> None:
    query = "tab=unassigned&cause=refused&evil=1"
    said = {"name": "Refused, free", "query": query, "shared": shop.domain}

    client.post("/exceptions/views/", said)

    view = SavedView.objects.get()
    assert (view.query, view.shop) == ("tab=unassigned&cause=refused", shop)
    sam = log_in(make_staff("sam", shop))
    assert "Refused, free" in sam.get("/exceptions/").content.decode()
    stranger = log_in(make_staff("eve", make_shop()))
    assert "Refused, free" not in stranger.get("/exceptions/").content.decode()
    assert sam.post(f"/exceptions/views/{view.pk}/delete/").status_code == 404
    client.post(f"/exceptions/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_a_view_without_a_name_is_refused_and_nothing_is_kept(client: Client, shop: Shop) -> None:
    answer = client.post("/exceptions/views/", {"name": " ", "query": "tab=mine"})

    assert answer.status_code == 422
    assert "Give the view a name." in answer.content.decode()
    assert not SavedView.objects.exists()


def test_work_next_gives_each_person_another_case(
    client: Client, ana: User, shop: Shop, log_in: LogIn
) -> None:
    now = timezone.now()
    first = make_case(shop, rank_at=now)
    second = make_case(shop, rank_at=now + timedelta(hours=1))
    sam = log_in(make_staff("sam", shop))

    assert client.post("/exceptions/next/?tab=all")["Location"].startswith(
        f"/exceptions/{first.pk}/"
    )
    assert sam.post("/exceptions/next/")["Location"].startswith(f"/exceptions/{second.pk}/")

    client.post(f"/exceptions/{first.pk}/skip/", {"why": "I wait for an answer"})
    answer = client.post("/exceptions/next/", follow=True)
    assert "Nothing left that you could work on" in answer.content.decode()


def test_what_the_desk_adds_to_a_page_stays_small(client: Client, shop: Shop) -> None:
    static = Path(settings.BASE_DIR) / "static"
    page = client.get("/exceptions/").content.decode()

    assert (static / "css" / "desk.css").stat().st_size <= 14_000
    assert (static / "js" / "desk.js").stat().st_size <= 4_000
    assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|js:|<script(?![^>]*\ssrc=)", page)
