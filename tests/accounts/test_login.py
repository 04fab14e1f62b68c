"""Coming in: who is let in, and who has tried too often."""

from typing import Any

import pytest
from django.test import Client

from returns_ops.accounts.models import User
from tests.builders import PASSWORD


def log_in(username: str, password: str, *, address: str = "10.0.0.1") -> Any:
    form = {"username": username, "password": password}
    return Client().post("/login/", form, REMOTE_ADDR=address)


def has_come_in(answer: Any) -> bool:
    return bool(answer.status_code == 302 and "sessionid" in answer.cookies)


def test_the_right_password_lets_in(wanda: User) -> None:
    assert has_come_in(log_in("wanda", PASSWORD))


def test_a_wrong_password_does_not(wanda: User) -> None:
    answer = log_in("wanda", "wrong")

    assert answer.status_code == 200
    assert not has_come_in(answer)


def test_a_person_who_left_does_not_come_in(wanda: User) -> None:
    User.objects.update(is_active=False)

    assert not has_come_in(log_in("wanda", PASSWORD))


def test_five_wrong_passwords_lock_the_name_at_that_address(wanda: User) -> None:
    statuses = [log_in("wanda", "wrong").status_code for _ in range(5)]

    assert statuses == [200, 200, 200, 200, 429]
    locked = log_in("wanda", PASSWORD)
    assert locked.status_code == 429
    assert not has_come_in(locked)
    assert "15 minutes" in locked.content.decode()


def test_the_lock_holds_neither_others_nor_the_same_name_elsewhere(wanda: User) -> None:
    User.objects.create_user("otto", password=PASSWORD)
    for _ in range(5):
        log_in("wanda", "wrong")

    assert has_come_in(log_in("otto", PASSWORD))
    assert has_come_in(log_in("wanda", PASSWORD, address="10.0.0.2"))


def test_coming_in_clears_the_count(wanda: User) -> None:
    for _ in range(4):
        log_in("wanda", "wrong")
    assert has_come_in(log_in("wanda", PASSWORD))

    assert [log_in("wanda", "wrong").status_code for _ in range(4)] == [200] * 4
    assert has_come_in(log_in("wanda", PASSWORD))


def test_an_unknown_name_looks_like_a_wrong_password(wanda: User) -> None:
    known, unknown = log_in("wanda", "wrong"), log_in("nobody", "wrong")

    said = [list(answer.context["form"].non_field_errors()) for answer in (known, unknown)]
    assert known.status_code == unknown.status_code == 200
    assert said[0] == said[1]
    assert said[0]


def test_the_lock_is_the_admins_too(wanda: User) -> None:
    for _ in range(5):
        Client().post("/admin/login/", {"username": "wanda", "password": "wrong"})

    answer = Client().post("/admin/login/", {"username": "wanda", "password": PASSWORD})

    assert answer.status_code == 429


@pytest.mark.parametrize("path", ["/", "/admin/", "/rmas/"])
def test_a_stranger_is_sent_to_the_login(db: None, path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 302
    assert "login/?next=" in answer["Location"]
