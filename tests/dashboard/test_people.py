"""Two people at one return: they see each other, hand it over, and lose nothing of their input."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import PERMISSIONS, Permission, Role
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.people import people_of
from returns_ops.narvar import tasks
from returns_ops.returns.models import Rma, RmaEvent, Viewing
from returns_ops.returns.transitions import claiming
from tests.builders import make_rma, make_shop, make_staff

LogIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def sam(shop: Shop) -> User:
    return make_staff("sam", shop, Role.WAREHOUSE, first_name="Sam")


@pytest.fixture
def sams_client(sam: User, log_in: LogIn) -> Client:
    return log_in(sam)


def ask(client: Client, rma: Rma, **fields: str) -> Any:
    """The page asks who else is here, with what it shows already."""
    return client.post(f"{rma.get_absolute_url()}presence/", fields, headers=HTMX)


def act(client: Client, rma: Rma, verb: str, **kwargs: Any) -> Any:
    return client.post(f"{rma.get_absolute_url()}{verb}/", **kwargs)


def words(answer: Any) -> str:
    """What a person reads of it."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def shown(answer: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found
    return found[1]


def holder(rma: Rma) -> User | None:
    rma.refresh_from_db()
    return claiming.holder_of(rma)


# Who is here


def test_two_people_at_one_return_see_each_other(
    client: Client, sams_client: Client, rma: Rma
) -> None:
    assert ask(client, rma).status_code == 204

    assert words(ask(sams_client, rma)) == "Ana Ruiz is here"
    assert words(ask(client, rma)) == "Sam is here"


def test_whoever_types_is_seen_writing(client: Client, sams_client: Client, rma: Rma) -> None:
    ask(sams_client, rma, editing="1")
    assert words(ask(client, rma)) == "Sam is writing"

    ask(sams_client, rma, editing="0")
    assert words(ask(client, rma)) == "Sam is here"


def test_what_the_page_shows_already_is_not_sent_again(
    client: Client, sams_client: Client, rma: Rma
) -> None:
    ask(sams_client, rma)
    seen = shown(ask(client, rma), "seen")

    again = ask(client, rma, seen=seen)

    assert (again.status_code, again.content) == (204, b"")
    ask(sams_client, rma, editing="1")
    assert words(ask(client, rma, seen=seen)) == "Sam is writing"


def test_a_person_who_left_disappears(client: Client, sams_client: Client, rma: Rma) -> None:
    ask(sams_client, rma)
    seen = shown(ask(client, rma), "seen")
    Viewing.objects.filter(user__username="sam").update(seen_at=Now() - timedelta(seconds=31))

    gone = ask(client, rma, seen=seen)

    assert (gone.status_code, words(gone)) == (200, "")
    assert ask(client, rma, seen=shown(gone, "seen")).status_code == 204


def test_people_at_another_return_are_not_here(
    client: Client, sams_client: Client, rma: Rma, shop: Shop
) -> None:
    ask(sams_client, make_rma(shop))

    assert ask(client, rma).status_code == 204


def test_being_here_is_one_row_however_often_it_is_said(client: Client, rma: Rma) -> None:
    for editing in ("0", "1", "nonsense", "", "1" * 1000):
        ask(client, rma, editing=editing)

    row = Viewing.objects.get()
    assert not row.editing
    assert timezone.now() - row.seen_at < timedelta(minutes=1)


def test_asking_costs_few_queries_however_many_are_here(
    client: Client, shop: Shop, rma: Rma, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        Viewing.objects.create(rma=rma, user=make_staff(shop=shop))
    claiming.take_over(rma.pk, by=make_staff(shop=shop))

    with django_assert_max_num_queries(9):
        assert ask(client, rma).content.count(b"is here") == 12


def test_a_name_is_shown_and_not_obeyed(client: Client, shop: Shop, rma: Rma) -> None:
    odd = make_staff(shop=shop, first_name="<script>alert(1)</script>")
    Viewing.objects.create(rma=rma, user=odd)

    page = ask(client, rma).content.decode()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.django_db(transaction=True)
def test_rows_older_than_a_day_are_forgotten(ana: User, sam: User, rma: Rma) -> None:
    for user, age in ((ana, timedelta(hours=25)), (sam, timedelta(hours=23))):
        Viewing.objects.create(rma=rma, user=user, seen_at=Now() - age)

    tasks.fold_counters()

    assert [row.user for row in Viewing.objects.all()] == [sam]


# Who has it in hand


def test_a_scan_claims_a_free_return_for_ten_minutes(ana: User, sam: User, rma: Rma) -> None:
    version = rma.version

    assert claiming.claim(rma, by=sam)

    assert not claiming.claim(rma, by=ana)
    assert holder(rma) == sam
    assert rma.version == version
    assert not RmaEvent.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(minutes=9)):
        assert holder(rma) == sam
        assert claiming.claim(rma, by=sam)
    with time_machine.travel(timezone.now() + timedelta(minutes=18)):
        assert holder(rma) == sam
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        assert holder(rma) is None
        assert claiming.claim(rma, by=ana)
        assert holder(rma) == ana


def test_one_takes_over_from_the_other_who_is_told(
    client: Client, sams_client: Client, ana: User, sam: User, rma: Rma
) -> None:
    claiming.claim(rma, by=ana)
    known = {"holder": f"{ana.pk}"}
    version = rma.version

    answer = act(sams_client, rma, "take-over", headers=HTMX)

    assert "You took over from Ana Ruiz." in words(answer)
    assert "In your hands just now Release" in words(answer)
    assert holder(rma) == sam
    assert rma.version == version
    event = RmaEvent.objects.get()
    assert (event.text, event.actor) == ("Sam took over from Ana Ruiz", sam)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("rma.taken_over", sam)
    assert entry.data == {"before": "ana", "permission": "receive"}
    told = ask(client, rma, **known)
    assert words(told) == "Sam took it in hand just now Take over"
    assert 'id="claim" hx-swap-oob="true"' in told.content.decode()


def test_they_take_it_from_each_other_and_each_time_is_told(
    client: Client, sams_client: Client, rma: Rma
) -> None:
    for one in (client, sams_client, client):
        act(one, rma, "take-over")

    assert [event.text for event in RmaEvent.objects.order_by("id")] == [
        "Sam took over from Ana Ruiz",
        "Ana Ruiz took over from Sam",
    ]


@pytest.mark.django_db(transaction=True)
def test_two_who_take_it_over_at_once_come_one_after_the_other(
    ana: User, sam: User, shop: Shop, rma: Rma
) -> None:
    claiming.claim(rma, by=make_staff("cleo", shop))
    together = threading.Barrier(2)

    def take(user: User) -> None:
        together.wait()
        claiming.take_over(rma.pk, by=user)
        connection.close()

    threads = [threading.Thread(target=take, args=[user]) for user in (ana, sam)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    last = holder(rma)
    first = sam if last == ana else ana
    assert [event.text for event in RmaEvent.objects.order_by("id")] == [
        f"{first.known_as} took over from cleo",
        f"{last.known_as if last else ''} took over from {first.known_as}",
    ]


def test_without_javascript_it_is_a_form_and_a_page(
    sams_client: Client, ana: User, rma: Rma
) -> None:
    claiming.claim(rma, by=ana)

    answer = act(sams_client, rma, "take-over", follow=True)

    assert answer.redirect_chain == [(rma.get_absolute_url(), 302)]
    assert "You took over from Ana Ruiz." in answer.content.decode()


def test_what_is_free_or_ones_own_is_taken_without_a_word(client: Client, rma: Rma) -> None:
    for _ in range(2):
        assert "It is in your hands." in words(act(client, rma, "take-over", headers=HTMX))

    assert not RmaEvent.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_released_return_is_free_at_once(client: Client, ana: User, sam: User, rma: Rma) -> None:
    claiming.claim(rma, by=ana)

    answer = act(client, rma, "release", headers=HTMX)

    assert words(answer) == "Released."
    assert holder(rma) is None
    assert claiming.claim(rma, by=sam)


def test_nobody_releases_what_another_has(client: Client, sam: User, rma: Rma) -> None:
    claiming.claim(rma, by=sam)

    answer = act(client, rma, "release", headers=HTMX)

    assert "It was not in your hands any more." in words(answer)
    assert holder(rma) == sam


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize(
    ("verb", "right"),
    [
        ("presence", Permission.VIEW_RMAS),
        ("take-over", Permission.RECEIVE),
        ("release", Permission.RECEIVE),
    ],
)
def test_a_role_does_what_it_may_and_nothing_else(
    verb: str, right: Permission, role: str, shop: Shop, rma: Rma, log_in: LogIn
) -> None:
    client = log_in(make_staff(shop=shop, role=role))

    answer = act(client, rma, verb)

    assert (answer.status_code != 403) == (right in PERMISSIONS[role])
    if right not in PERMISSIONS[role]:
        assert holder(rma) is None
        assert not Viewing.objects.exists()


@pytest.mark.parametrize("verb", ["presence", "take-over", "release"])
def test_of_another_shop_there_is_nothing(verb: str, client: Client) -> None:
    theirs = make_rma(make_shop())

    assert act(client, theirs, verb).status_code == 404
    assert client.get(f"{theirs.get_absolute_url()}{verb}/").status_code in (404, 405)
    assert holder(theirs) is None
    assert not Viewing.objects.exists()


def test_whoever_may_not_receive_sees_who_has_it_and_no_button(
    shop: Shop, sam: User, rma: Rma, log_in: LogIn
) -> None:
    claiming.claim(rma, by=sam)
    reader = make_staff(shop=shop, role=Role.LOCATION_ADMIN)

    page = ask(log_in(reader), rma)

    assert words(page) == "Sam took it in hand just now"
    assert b"<form" not in page.content


def test_the_part_of_the_page_asks_again_and_holds_no_control_where_it_does(
    ana: User, sam: User, rma: Rma
) -> None:
    claiming.claim(rma, by=sam)
    people = people_of(Access(ana, Permission.VIEW_RMAS), rma, timezone.now())

    part = render_to_string("dashboard/rma/_people.html", {"people": people})

    asks = re.search(r'<div id="presence-asks"[^>]*>(.*?)</div>', part, re.DOTALL)
    assert asks
    assert asks[1].strip() == ""
    assert "tick:mid from:body" in asks[0]
    presence = re.search(r'<p id="presence"[^>]*>(.*?)</p>', part, re.DOTALL)
    assert presence
    assert not re.search("<(button|a|form|select|textarea)", presence[1])
