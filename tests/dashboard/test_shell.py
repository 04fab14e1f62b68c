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
from returns_ops.messaging.models import CommandState, EventState
from returns_ops.returns.models import Rma
from returns_ops.returns.states import Money, Work
from tests.builders import PASSWORD, make_command, make_event, make_rma

STATIC = Path(settings.BASE_DIR) / "static"
OURS = ["tokens", "base", "layout", "components", "screens", "error"]


def test_home_shows_queues_late_and_broken_as_links(
    client: Client, ana: User, shop: Shop, rma: Rma
) -> None:
    make_rma(shop, deadline_at=timezone.now() - timedelta(hours=2))
    make_rma(shop, deadline_at=timezone.now() + timedelta(hours=2))
    make_rma(shop, work=Work.EXCEPTION, money=Money.REFUSED)
    make_event(shop, state=EventState.DEAD, reason="not_json")
    make_event(shop, received_at=timezone.now() - timedelta(hours=9))
    make_command(rma, by=ana, state=CommandState.ATTENTION)
    shop.connection.paused = True
    shop.connection.save()

    page = client.get(reverse("home")).content.decode()

    for words, link in [
        ("1 return past the deadline", "/rmas/?tab=all&amp;deadline=late"),
        ("1 return with a deadline", "/rmas/?tab=all&amp;deadline=24h"),
        ("1 return whose decision Narvar refused", "/rmas/?tab=exception&amp;money=refused"),
        ("1 event could not be applied", "/messages/in/?state=dead"),
        ("1 command needs attention", "/messages/out/?state=attention"),
        ("sending is paused", "/messages/out/"),
        ("no webhook for", "/messages/in/"),
        ("To decide", "/rmas/?tab=to_decide"),
    ]:
        assert words in page
        assert f'href="{link}' in page


def test_home_is_calm_when_nothing_is_wrong(client: Client, shop: Shop) -> None:
    page = client.get(reverse("home")).content.decode()

    assert "No returns yet" in page
    assert "Messages flow" in page


def test_home_costs_the_same_however_much_there_is(
    client: Client, shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        make_rma(shop), make_event(shop)

    with django_assert_max_num_queries(8):
        client.get(reverse("home"))


def test_the_counters_come_as_parts(client: Client, rma: Rma) -> None:
    part = client.get(reverse("nav_counts"), headers={"HX-Request": "true"}).content.decode()

    assert '<span id="count-rmas" class="count" hx-swap-oob="true">1</span>' in part


def test_a_banner_says_why_nothing_goes_out(client: Client, shop: Shop) -> None:
    shop.connection.problem = "Narvar refuses the credential (401)."
    shop.connection.save()

    page = client.get(reverse("rmas")).content.decode()

    assert "Narvar refuses the credential (401). Decisions are saved" in page


def test_the_theme_is_on_the_page_before_anything_is_drawn(client: Client, ana: User) -> None:
    answer = client.post(reverse("preferences"), {"theme": "dark"}, follow=True)

    assert '<html lang="en" data-theme="dark">' in answer.content.decode()
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

    assert styles <= 30_000
    assert (STATIC / "js" / "app.js").stat().st_size <= 10_000


@pytest.mark.parametrize("url", ["/rmas/", "/messages/in/", "/messages/out/", "/"])
def test_every_screen_opens_empty(url: str, client: Client, shop: Shop) -> None:
    assert client.get(url).status_code == 200
