"""Badges: made by their holder, stored as a hash, good for a switch at a shared bench."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.accounts.badges import (
    ALPHABET,
    LENGTH,
    PREFIX,
    hash_of,
    holder_of,
    issue_badge,
    revoke_badge,
)
from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import PERMISSIONS, Permission, Role
from returns_ops.dashboard.badges import switch_operator
from returns_ops.returns.code128 import svg
from returns_ops.returns.codes import CodeKind, read_code
from tests.accounts.admin_pages import page
from tests.builders import PASSWORD, give_role, make_rma, make_shop, make_staff

TICK = {"HX-Request": "true", "X-Tick": "1", "HX-Current-URL": "http://testserver/rmas/"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sam(shop: Shop) -> User:
    """A colleague of Wanda's."""
    return make_staff("sam", shop, Role.WAREHOUSE, first_name="Sam", last_name="Lee")


def by_password(user: User) -> Client:
    client = Client()
    assert client.post("/login/", {"username": user.username, "password": PASSWORD}).url == "/"  # type: ignore[attr-defined]
    return client


def scan(client: Client, token: str) -> User | None:
    """As the scan of a badge reaches us: in the session of whoever works at this screen."""
    request: Any = RequestFactory().post("/scan/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    middleware = SessionMiddleware(lambda _: HttpResponse())
    middleware.process_request(request)
    key = request.session.get("_auth_user_id")
    request.user = User.objects.get(pk=key) if key else AnonymousUser()
    switched = switch_operator(request, token)
    response = middleware.process_response(request, HttpResponse())
    client.cookies.update(response.cookies)
    return switched


def switched(client: Client, user: User) -> Client:
    """This screen, with the person logged in by badge."""
    assert scan(client, issue_badge(user, by=user)) == user
    return client


def who(client: Client) -> str:
    """The name at the top; empty when the page asks for a login."""
    answer = client.get("/")
    return answer.context["shell"].name if answer.status_code == 200 else ""


def actions() -> list[tuple[str, str]]:
    trail = AuditEntry.objects.filter(action__startswith="badge.").order_by("id")
    return [(entry.action, entry.subject) for entry in trail]


# The code


def test_a_code_is_long_random_and_typed_alike_by_every_keyboard(sam: User) -> None:
    tokens = {issue_badge(sam, by=sam) for _ in range(50)}

    assert len(tokens) == 50
    assert {len(token) for token in tokens} == {LENGTH}
    assert set("".join(tokens)) <= set(ALPHABET)
    assert not set(ALPHABET) & set("AQWZMY0123456789IO")


def test_a_code_prints_and_is_read_as_a_badge(sam: User) -> None:
    token = issue_badge(sam, by=sam)

    code = read_code(PREFIX + token)

    assert (code.kind, code.candidates) == (CodeKind.BADGE, (token,))
    assert svg(PREFIX + token, module=1).startswith("<svg")


def test_only_the_hash_is_stored(sam: User) -> None:
    token = issue_badge(sam, by=sam)

    sam.refresh_from_db()
    assert bytes(sam.badge_sha256 or b"") == hashlib.sha256(token.encode()).digest()
    assert token not in f"{list(User.objects.values())} {list(AuditEntry.objects.values())}"


def test_a_badge_names_its_holder_whatever_caps_lock_did(sam: User, wanda: User) -> None:
    token = issue_badge(sam, by=sam)
    issue_badge(wanda, by=wanda)

    assert holder_of(token) == holder_of(token.lower()) == holder_of(f" {token}\r\n") == sam


def test_a_new_badge_replaces_the_old_one(sam: User) -> None:
    old = issue_badge(sam, by=sam)
    new = issue_badge(sam, by=sam)

    assert (holder_of(old), holder_of(new)) == (None, sam)
    assert [entry.data for entry in AuditEntry.objects.order_by("id")] == [
        {"replaced": False},
        {"replaced": True},
    ]


def test_a_revoked_badge_and_that_of_a_person_who_left_name_nobody(sam: User, wanda: User) -> None:
    revoked, left = issue_badge(sam, by=sam), issue_badge(wanda, by=wanda)

    assert revoke_badge(sam, by=wanda)
    User.objects.filter(pk=wanda.pk).update(is_active=False)

    assert holder_of(revoked) is None
    assert holder_of(left) is None
    assert not revoke_badge(sam, by=sam)
    assert actions()[-1] == ("badge.revoked", "sam")


@pytest.mark.django_db
@given(st.text())
def test_no_other_text_is_anybodys_badge(text: str) -> None:
    assert len(hash_of(text)) == 32
    assert holder_of(text) is None


# The page


def test_a_badge_is_made_with_the_password_and_shown_once(sam: User) -> None:
    client = by_password(sam)

    made = client.post("/preferences/badge/", {"password": PASSWORD})

    sam.refresh_from_db()
    assert made.status_code == 200
    assert made["Cache-Control"] == "no-store"
    bars = str(made.context["page"].bars)
    token = bars.partition(PREFIX)[2][:LENGTH]
    assert holder_of(token) == sam
    assert token not in client.get("/preferences/badge/").content.decode()
    assert "You have a badge" in client.get("/preferences/badge/").content.decode()
    assert actions() == [("badge.issued", "sam")]


@pytest.mark.parametrize("password", ["", "wrong", "x" * 5000])
def test_without_the_right_password_no_badge_is_made(sam: User, password: str) -> None:
    token = issue_badge(sam, by=sam)

    answer = by_password(sam).post("/preferences/badge/", {"password": password})

    assert answer.status_code == 422
    assert b"Your badge is as it was" in answer.content
    assert b'aria-invalid="true"' in answer.content
    assert holder_of(token) == sam
    assert actions() == [("badge.issued", "sam")]


def test_guessing_passwords_on_this_page_locks_as_at_the_login(sam: User) -> None:
    client = by_password(sam)

    statuses = [
        client.post("/preferences/badge/", {"password": "wrong"}).status_code for _ in range(5)
    ]

    assert statuses == [422] * 4 + [429]
    assert client.post("/preferences/badge/", {"password": PASSWORD}).status_code == 429
    assert actions() == []


def test_their_own_badge_is_revoked_by_one_press(sam: User) -> None:
    token = issue_badge(sam, by=sam)

    answer = by_password(sam).post("/preferences/badge/revoke/", follow=True)

    assert holder_of(token) is None
    assert "opens nothing any more" in answer.content.decode()


def test_the_page_tells_who_manages_what_a_badge_does_not_open(sam: User, shop: Shop) -> None:
    limits = "second approvals, shop settings"
    assert limits not in by_password(sam).get("/preferences/badge/").content.decode()
    give_role(sam, shop, Role.APPROVER)

    assert limits in by_password(sam).get("/preferences/badge/").content.decode()


# The admin


def test_a_security_admin_revokes_badges_of_their_people_only(shop: Shop, sam: User) -> None:
    boss = make_staff("boss", shop, Role.SECURITY_ADMIN, is_staff=True)
    elsewhere = make_staff("else", shop)
    give_role(elsewhere, make_shop(), Role.AGENT)
    kept, lost = issue_badge(elsewhere, by=elsewhere), issue_badge(sam, by=sam)
    chosen = {"action": "revoke_badge", "_selected_action": [sam.pk, elsewhere.pk]}

    answer = by_password(boss).post(page("changelist", User), chosen, follow=True)

    assert (holder_of(lost), holder_of(kept)) == (None, elsewhere)
    assert "Badges revoked: sam." in answer.content.decode()
    assert "people who work for other shops too" in answer.content.decode()
    assert AuditEntry.objects.get(action="badge.revoked").actor == boss


# The switch


def test_one_scan_changes_who_works_here(wanda: User, sam: User) -> None:
    client = by_password(wanda)
    before = client.cookies["sessionid"].value

    switched(client, sam)

    assert who(client) == "Sam Lee"
    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()
    assert actions()[-1] == ("badge.switched", "sam")
    entry = AuditEntry.objects.get(action="badge.switched")
    assert (entry.actor, entry.data) == (sam, {"before": "wanda"})


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_the_scan_screen_takes_badges(wanda: User, sam: User, headers: dict[str, str]) -> None:
    client = by_password(wanda)
    code = PREFIX + issue_badge(sam, by=sam)

    answer = client.post("/scan/", {"code": code}, headers=headers)

    assert answer.headers.get("Location", answer.headers.get("HX-Redirect")) == "/scan/"
    assert who(client) == "Sam Lee"


def test_the_next_scan_switches_again(wanda: User, sam: User) -> None:
    client = switched(by_password(wanda), sam)

    switched(client, wanda)

    assert who(client) == "wanda"


def test_ones_own_badge_changes_nothing(wanda: User) -> None:
    client = by_password(wanda)
    before = client.cookies["sessionid"].value

    assert scan(client, issue_badge(wanda, by=wanda)) == wanda

    assert client.cookies["sessionid"].value == before
    assert "by_badge" not in client.session
    assert actions() == [("badge.issued", "wanda")]


def test_a_badge_of_another_shop_opens_nothing(wanda: User) -> None:
    stranger = make_staff("stranger", make_shop(), Role.WAREHOUSE)
    client = by_password(wanda)
    before = client.cookies["sessionid"].value

    assert scan(client, issue_badge(stranger, by=stranger)) is None

    assert client.cookies["sessionid"].value == before
    assert who(client) == "wanda"
    refused = AuditEntry.objects.get(action="badge.refused")
    assert (refused.subject, refused.actor) == ("stranger", wanda)
    assert refused.data == {"why": "other_shop"}


@pytest.mark.parametrize("token", ["", "NOBODYS", "BADGE:", "\x00\ud800", "x" * 10_000])
def test_an_unknown_code_opens_nothing_and_leaves_its_trace(wanda: User, token: str) -> None:
    client = by_password(wanda)

    assert scan(client, token) is None

    assert who(client) == "wanda"
    assert actions() == [("badge.refused", "")]


def test_after_ten_unknown_codes_even_a_good_badge_rests(wanda: User, sam: User) -> None:
    client, token = by_password(wanda), issue_badge(sam, by=sam)
    for _ in range(10):
        assert scan(client, "WRONG") is None

    assert scan(client, token) is None
    assert who(client) == "wanda"
    assert actions()[-1] == ("badge.limited", "wanda")

    with time_machine.travel(timezone.now() + 11 * MINUTE):
        assert scan(client, token) == sam


def test_failures_of_one_person_do_not_stop_another(wanda: User, sam: User) -> None:
    first, second = (
        by_password(wanda),
        by_password(make_staff("otto", wanda.memberships.get().shop)),
    )
    for _ in range(10):
        scan(first, "WRONG")

    assert scan(second, issue_badge(sam, by=sam)) == sam


def test_a_scan_clears_no_wrong_passwords(wanda: User, sam: User) -> None:
    client = by_password(wanda)
    for _ in range(4):
        Client().post("/login/", {"username": "sam", "password": "wrong"})

    switched(client, sam)

    assert AccessAttempt.objects.get(username="sam").failures_since_start == 4
    locked = Client().post("/login/", {"username": "sam", "password": "wrong"})
    assert locked.status_code == 429


# What a badge does not open


def test_second_approvals_and_shops_ask_for_the_password(wanda: User, shop: Shop) -> None:
    boss = make_staff("boss", shop, Role.APPROVER)
    give_role(boss, shop, Role.SECURITY_ADMIN)
    url = f"/shops/{shop.domain}/"
    assert by_password(boss).get(url).status_code == 200

    client = switched(by_password(wanda), boss)

    for closed in (url, f"{url}pause/", "/messages/out/1/give-up/"):
        answer = client.get(closed)
        assert answer.status_code == 403
        assert "Log in with your password for this" in answer.content.decode()
    assert client.get("/rmas/").status_code == 200
    assert client.get("/messages/out/").status_code == 200


def test_the_moves_themselves_refuse_what_a_badge_does_not_open(wanda: User, shop: Shop) -> None:
    boss = make_staff("boss", shop, Role.APPROVER)
    client, withheld = by_password(wanda), [Permission.SECOND_APPROVAL, Permission.MANAGE_SHOP]
    give_role(boss, shop, Role.SECURITY_ADMIN)
    assert all(boss.may(permission, shop) for permission in Permission if "loc" not in permission)

    answer: Any = switched(client, boss).get("/")

    person = answer.wsgi_request.user
    assert [one for one in PERMISSIONS[Role.APPROVER] if not person.may(one, shop)] == withheld[:1]
    assert not any(person.may(permission, shop) for permission in withheld)
    assert User.objects.get(pk=boss.pk).may(Permission.SECOND_APPROVAL, shop)


def test_what_no_role_opens_is_told_as_before(wanda: User, sam: User, shop: Shop) -> None:
    client = switched(by_password(wanda), sam)

    page = client.get(f"/shops/{shop.domain}/").content.decode()

    assert "belongs to these roles: security admin" in page
    assert "password" not in page


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/admin/login/", "/metrics"])
def test_the_administration_asks_for_the_password(wanda: User, shop: Shop, path: str) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    give_role(root, shop, Role.WAREHOUSE)
    assert by_password(root).get("/admin/").status_code == 200

    client = switched(by_password(wanda), root)

    answer = client.get(path, follow=True)
    assert answer.status_code == 403
    if path != "/metrics":
        assert "Log in with your password for this" in answer.content.decode()
    assert "/admin/" not in client.get("/").content.decode()


def test_the_way_back_to_a_password_leads_to_the_page_that_asked(wanda: User, shop: Shop) -> None:
    boss = make_staff("boss", shop, Role.SECURITY_ADMIN)
    client = switched(by_password(wanda), boss)
    url = f"/shops/{shop.domain}/"
    assert f'value="/login/?next={url}"' in client.get(url).content.decode()

    out = client.post("/logout/", {"next": f"/login/?next={url}"})

    assert out["Location"] == f"/login/?next={url}"


def test_a_password_gives_back_what_the_badge_withheld(wanda: User, shop: Shop) -> None:
    boss = make_staff("boss", shop, Role.SECURITY_ADMIN)
    client = switched(by_password(wanda), boss)
    client.post("/logout/")

    client.post("/login/", {"username": "boss", "password": PASSWORD})

    assert client.get(f"/shops/{shop.domain}/").status_code == 200
    assert "by_badge" not in client.session


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
