import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import CommandState, EventState
from returns_ops.narvar.models import Budget, Connection, ShopRhythm
from returns_ops.returns import queues
from returns_ops.returns.models import Rma
from returns_ops.returns.states import Cause, Money, Work
from tests.builders import (
    PASSWORD,
    give_role,
    make_case,
    make_command,
    make_event,
    make_rma,
    make_shop,
)

STATIC = Path(settings.BASE_DIR) / "static"
OURS = ["tokens", "base", "layout", "components", "screens", "error"]


def test_home_shows_queues_late_and_broken_as_links(
    client: Client, ana: User, shop: Shop, rma: Rma
) -> None:
    make_rma(shop, deadline_at=timezone.now() - timedelta(hours=2))
    make_rma(shop, deadline_at=timezone.now() + timedelta(hours=2))
    troubled = make_rma(shop, work=Work.EXCEPTION, money=Money.REFUSED)
    make_case(troubled, Cause.REFUSED)
    make_case(troubled, Cause.BENCH)
    make_event(shop, state=EventState.DEAD, reason="not_json")
    make_command(rma, by=ana, state=CommandState.ATTENTION)
    shop.connection.paused = True
    shop.connection.save()

    page = client.get(reverse("home")).content.decode()

    for words, link in [
        ("1 return past the deadline", "/rmas/?tab=all&amp;deadline=late"),
        ("1 return with a deadline", "/rmas/?tab=all&amp;deadline=24h"),
        ("1 case of what Narvar refused", "/exceptions/?cause=refused"),
        ("1 event could not be applied", "/messages/in/?state=dead"),
        ("1 command needs attention", "/messages/out/?state=attention"),
        ("calls to Narvar are paused", "/messages/out/"),
        ("To decide", "/rmas/?tab=to_decide"),
    ]:
        assert words in page
        assert f'href="{link}' in page


def test_home_counts_what_is_late_only_as_far_as_anybody_cares(
    client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MANY", 2)
    now = timezone.now()
    for _ in range(3):
        make_rma(shop, deadline_at=now - timedelta(hours=2))
    for _ in range(2):
        make_rma(shop, deadline_at=now + timedelta(hours=2))
    make_rma(shop, work=Work.DONE, deadline_at=now - timedelta(hours=2))

    page = client.get(reverse("home")).content.decode()

    assert "More than 2 returns past the deadline" in page
    assert "2 returns with a deadline" in page


def test_home_names_the_oldest_that_waits_for_us_in_any_shop(
    client: Client, ana: User, shop: Shop
) -> None:
    other = make_shop()
    give_role(ana, other, Role.AGENT)
    now = timezone.now()
    make_rma(shop, work=Work.TO_DECIDE, created_at=now - timedelta(days=5))
    make_rma(other, work=Work.TO_INSPECT, created_at=now - timedelta(days=9))
    make_rma(other, work=Work.TO_RECEIVE, created_at=now - timedelta(days=30))

    page = client.get(reverse("home")).content.decode()

    assert "The oldest that waits for us is <time" in page
    assert "9 d" in page.split("The oldest that waits for us is")[1][:200]


def test_home_is_calm_when_nothing_is_wrong(client: Client, shop: Shop) -> None:
    page = client.get(reverse("home")).content.decode()

    assert "No returns yet" in page
    assert "Messages flow" in page


def test_home_costs_the_same_however_much_there_is(
    client: Client, shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        make_rma(shop), make_event(shop)

    with django_assert_max_num_queries(10):
        client.get(reverse("home"))


def test_the_counters_come_as_parts(client: Client, rma: Rma) -> None:
    part = client.get(reverse("nav_counts"), headers={"HX-Request": "true"}).content.decode()

    assert '<span id="count-rmas" class="count" hx-swap-oob="true">1</span>' in part


def test_exceptions_are_counted_as_the_screen_behind_them_counts(
    client: Client, wandas_client: Client, shop: Shop
) -> None:
    """Two cases of one return at the desk; one return for who has no desk."""
    rma = make_rma(shop, work=Work.EXCEPTION, money=Money.REFUSED)
    make_case(rma, Cause.REFUSED), make_case(rma, Cause.BENCH)

    for browser, counted in ((client, 2), (wandas_client, 1)):
        page = browser.get(reverse("home"))
        shown = {place.key: place.count for place in page.context["shell"].places}
        queues = {queue.name: queue.number for queue in page.context["overview"].queues}
        assert shown["exceptions"] == queues[str(Work.EXCEPTION.label)] == counted
    assert "/rmas/?tab=exception&amp;money=refused" in page.content.decode()


def test_a_banner_says_why_nothing_goes_out(client: Client, shop: Shop) -> None:
    shop.connection.problem = "Narvar refuses the credential (401)."
    shop.connection.save()

    page = client.get(reverse("rmas")).content.decode()

    assert "Narvar refuses the credential (401). Decisions are saved" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"paused": True}, "Calls to Narvar are paused for"),
        ({"paused_kinds": ["approval"]}, "Approvals and refunds are paused for"),
        ({"problem": "Narvar refused our credential (401)"}, "credential (401). Decisions are"),
    ],
)
def test_every_screen_of_a_stopped_shop_says_so(
    fields: dict[str, object], words: str, wandas_client: Client, shop: Shop, rma: Rma
) -> None:
    Connection.objects.update(**fields)

    for url in (reverse("home"), reverse("rmas"), rma.get_absolute_url(), "/preferences/"):
        assert words in wandas_client.get(url).content.decode()
    part = wandas_client.get(reverse("nav_counts"), headers={"HX-Request": "true"})
    assert words in part.content.decode()


def test_a_narvar_that_does_not_answer_is_said_with_the_next_probe(
    wandas_client: Client, shop: Shop
) -> None:
    Budget.objects.create(
        shop=shop,
        breaker=Budget.Breaker.OPEN,
        probe_at=timezone.now() + timedelta(seconds=20.9),
    )

    page = wandas_client.get(reverse("rmas")).content.decode()

    assert re.search(r"does not answer for .*next probe in <time[^>]*>(19|20) s</time>", page)


def test_the_banner_of_another_shop_stays_on_its_own_screens(
    client: Client, ana: User, rma: Rma
) -> None:
    other = make_shop("other.myshopify.com")
    give_role(ana, other, Role.AGENT)
    Connection.objects.filter(shop=other).update(paused=True)

    assert "are paused for other" in client.get(reverse("rmas")).content.decode()
    assert "are paused for" not in client.get(rma.get_absolute_url()).content.decode()


def test_a_shop_that_has_gone_quiet_is_named_on_home_and_events(client: Client, shop: Shop) -> None:
    now = timezone.now()
    for week in range(1, 5):
        for hour in (0, 1):
            at = now - timedelta(weeks=week, hours=hour)
            ShopRhythm.objects.create(
                shop=shop,
                hour=at.replace(minute=0, second=0, microsecond=0),
                events=10_000,
                last_event=0,
            )
    make_event(shop, received_at=now - timedelta(minutes=40))

    assert "no news from Narvar for 40 min" in client.get(reverse("home")).content.decode()
    assert "No news from Narvar for 40 min" in client.get("/messages/in/").content.decode()


def test_the_theme_is_on_the_page_before_anything_is_drawn(client: Client, ana: User) -> None:
    answer = client.post(reverse("preferences"), {"theme": "dark"}, follow=True)

    assert '<html lang="en" data-theme="dark"' in answer.content.decode()
    ana.refresh_from_db()
    assert ana.theme == "dark"


def test_a_theme_that_does_not_exist_is_refused(client: Client, ana: User) -> None:
    assert client.post(reverse("preferences"), {"theme": "pink"}).status_code == 422


def test_no_page_carries_script_or_style_of_its_own(client: Client, rma: Rma) -> None:
    pages = [
        client.get(url).content.decode()
        for url in (reverse("home"), reverse("rmas"), rma.get_absolute_url(), "/login/", "/no/")
    ]

    for page in pages:
        assert not re.search(r"<script(?![^>]*\ssrc=)", page)
        assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|js:", page)


def test_the_login_names_what_was_wrong_and_keeps_the_name(db: None, ana: User) -> None:
    answer = Client().post("/login/", {"username": "ana", "password": "wrong"})

    page = answer.content.decode()
    assert 'role="alert"' in page
    assert 'value="ana"' in page
    assert "<title>Error: Log in" in page


def test_logging_in_and_out(db: None, ana: User) -> None:
    browser = Client()

    into = browser.post("/login/?next=/rmas/", {"username": "ana", "password": PASSWORD})
    assert into["Location"] == "/rmas/"
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/")["Location"] == "/login/"
    assert browser.get("/rmas/").status_code == 302


def test_too_many_wrong_passwords_lock_and_say_so(db: None, ana: User) -> None:
    browser = Client()
    for _ in range(5):
        answer = browser.post("/login/", {"username": "ana", "password": "wrong"})

    assert answer.status_code == 429
    assert "Locked for a while" in answer.content.decode()


def test_a_form_without_its_token_is_refused_in_words(db: None, ana: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ana)

    answer = browser.post("/preferences/", {"theme": "dark"})

    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


def test_the_error_page_needs_nothing_but_itself() -> None:
    page = (Path(settings.BASE_DIR) / "templates" / "500.html").read_text()

    assert "{%" not in page
    assert "{{" not in page


def test_styles_and_script_stay_small() -> None:
    styles = sum((STATIC / "css" / f"{name}.css").stat().st_size for name in OURS)

    assert styles <= 36_000
    assert (STATIC / "js" / "app.js").stat().st_size <= 10_000


@pytest.mark.parametrize(
    "url", ["/rmas/", "/messages/in/", "/messages/out/", "/messages/in/replay/", "/"]
)
def test_every_screen_opens_empty(url: str, client: Client, shop: Shop) -> None:
    assert client.get(url).status_code == 200
