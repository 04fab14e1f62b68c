"""A badge is good for a switch at a shared bench, and not for everything."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from returns_ops.accounts.badges import (
    PREFIX,
    issue_badge,
)
from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import PERMISSIONS, Permission, Role
from tests.accounts.badge_screen import actions, by_password, scan, switched, who
from tests.builders import PASSWORD, give_role, make_shop, make_staff

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

    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
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
