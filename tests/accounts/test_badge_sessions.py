"""A session begun by badge ends by itself."""

from datetime import timedelta

import time_machine
from django.conf import LazySettings
from django.utils import timezone

from returns_ops.accounts.badges import (
    issue_badge,
    revoke_badge,
)
from returns_ops.accounts.models import Shop, User
from tests.accounts.badge_screen import by_password, scan, switched, who
from tests.builders import PASSWORD, make_rma

TICK = {"HX-Request": "true", "X-Tick": "1", "HX-Current-URL": "http://testserver/rmas/"}
MINUTE = timedelta(minutes=1)


# It locks itself


def test_a_badge_session_ends_after_a_quarter_of_an_hour_without_a_touch(
    wanda: User, sam: User
) -> None:
    client = switched(by_password(wanda), sam)

    with time_machine.travel(timezone.now() + 14 * MINUTE):
        assert who(client) == "Sam Lee"
    with time_machine.travel(timezone.now() + 28 * MINUTE):
        assert who(client) == "Sam Lee"
    with time_machine.travel(timezone.now() + 44 * MINUTE):
        answer = client.get("/rmas/", follow=True)

    assert answer.redirect_chain == [("/login/?next=/rmas/", 302)]
    assert "The screen locked itself" in answer.content.decode()
    assert client.get("/rmas/").status_code == 302


def test_what_a_page_asks_for_by_itself_keeps_nobody_logged_in(wanda: User, sam: User) -> None:
    client = switched(by_password(wanda), sam)

    for minutes in (5, 10, 14):
        with time_machine.travel(timezone.now() + minutes * MINUTE):
            assert client.get("/nav/counts/", headers=TICK).status_code == 200
    with time_machine.travel(timezone.now() + 16 * MINUTE):
        answer = client.get("/nav/counts/", headers=TICK)

    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/login/?next=%2Frmas%2F"


def test_how_long_is_a_setting(wanda: User, sam: User, settings: LazySettings) -> None:
    settings.BADGE_IDLE_MINUTES = 2
    client = switched(by_password(wanda), sam)

    assert "after 2 minutes" in client.get("/preferences/badge/").content.decode()
    with time_machine.travel(timezone.now() + 3 * MINUTE):
        assert who(client) == ""


def test_a_session_begun_by_password_does_not_lock_itself(wanda: User) -> None:
    client = by_password(wanda)

    with time_machine.travel(timezone.now() + 120 * MINUTE):
        assert who(client) == "wanda"


def test_revoking_a_badge_ends_the_sessions_it_began(wanda: User, sam: User) -> None:
    client = switched(by_password(wanda), sam)

    revoke_badge(sam, by=wanda)

    assert client.get("/rmas/").status_code == 302


def test_whoever_replaces_their_badge_stays_at_this_screen_only(wanda: User, sam: User) -> None:
    here, there = by_password(wanda), by_password(wanda)
    token = issue_badge(sam, by=sam)
    assert scan(here, token) == scan(there, token) == sam

    here.post("/preferences/badge/", {"password": PASSWORD})

    assert (who(here), who(there)) == ("Sam Lee", "")


def test_a_post_from_a_locked_screen_does_nothing(wanda: User, sam: User, shop: Shop) -> None:
    client, rma = switched(by_password(wanda), sam), make_rma(shop)

    with time_machine.travel(timezone.now() + 16 * MINUTE):
        answer = client.post(f"{rma.get_absolute_url()}take-over/")

    assert answer.status_code == 302
    rma.refresh_from_db()
    assert rma.claimed_by is None
