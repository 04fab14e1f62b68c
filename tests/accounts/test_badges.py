"""Badges: made by their holder, stored as a hash, taken away again."""

import hashlib

import pytest
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
from returns_ops.accounts.permissions import Role
from returns_ops.returns.code128 import svg
from returns_ops.returns.codes import CodeKind, read_code
from tests.accounts.admin_pages import page
from tests.accounts.badge_screen import actions, by_password
from tests.builders import PASSWORD, give_role, make_shop, make_staff

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
