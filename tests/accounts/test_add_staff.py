"""The command that adds a person, or gives one a further role."""

import pytest
from django.core.management import CommandError, call_command

from returns_ops.accounts.models import AuditEntry, Membership, Shop, User
from returns_ops.accounts.permissions import Permission, Role
from tests.builders import make_shop

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _password(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFF_PASSWORD", PASSWORD)


def add_staff(username: str, shop: Shop | str, role: str = Role.AGENT) -> None:
    call_command("add_staff", username, "--shop", str(shop), "--role", role)


def counted() -> tuple[int, int, int]:
    return User.objects.count(), Membership.objects.count(), AuditEntry.objects.count()


def test_a_person_is_made_with_one_role(shop: Shop) -> None:
    add_staff("wanda", shop, Role.WAREHOUSE)

    wanda = User.objects.get()
    assert wanda.check_password(PASSWORD)
    assert (wanda.is_staff, wanda.is_superuser) == (False, False)
    assert [(m.shop, m.role) for m in wanda.memberships.all()] == [(shop, Role.WAREHOUSE)]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.shop) == ("staff.role_given", "wanda", shop)
    assert entry.data == {"role": "warehouse"}


@pytest.mark.parametrize("role", Role.values)
def test_only_a_security_admin_is_let_into_the_admin(shop: Shop, role: str) -> None:
    add_staff("sam", shop, role)

    sam = User.objects.get()
    assert sam.is_staff is (role == Role.SECURITY_ADMIN)
    assert not sam.is_superuser


def test_a_person_who_becomes_security_admin_is_let_into_the_admin(shop: Shop) -> None:
    add_staff("sam", shop, Role.AGENT)
    add_staff("sam", shop, Role.SECURITY_ADMIN)

    assert User.objects.get().is_staff
    assert User.objects.get().may(Permission.APPROVE, shop)


def test_a_second_role_adds_to_the_first(shop: Shop) -> None:
    add_staff("wanda", shop, Role.WAREHOUSE)
    add_staff("wanda", make_shop("other.myshopify.com"), Role.APPROVER)

    assert User.objects.count() == 1
    assert sorted(Membership.objects.values_list("role", flat=True)) == ["approver", "warehouse"]


def test_the_same_role_twice_is_held_once(shop: Shop) -> None:
    add_staff("wanda", shop)
    add_staff("wanda", shop)

    assert (User.objects.count(), Membership.objects.count()) == (1, 1)


def test_a_known_person_needs_no_password_for_a_further_role(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_staff("wanda", shop, Role.WAREHOUSE)
    monkeypatch.delenv("STAFF_PASSWORD")

    add_staff("wanda", shop, Role.AGENT)

    assert User.objects.get().check_password(PASSWORD)
    assert Membership.objects.count() == 2


@pytest.mark.parametrize("password", ["short", "password12345", "wanda-wanda1"])
def test_a_weak_password_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("STAFF_PASSWORD", password)

    with pytest.raises(CommandError, match="password"):
        add_staff("wanda-wanda", shop)

    assert counted() == (0, 0, 0)


def test_a_weak_password_gives_a_known_person_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_staff("wanda", shop, Role.WAREHOUSE)
    before = counted()
    monkeypatch.setenv("STAFF_PASSWORD", "short")

    with pytest.raises(CommandError, match="too short"):
        add_staff("wanda", shop, Role.APPROVER)

    assert counted() == before
    assert User.objects.get().check_password(PASSWORD)


def test_an_unknown_shop_is_named(shop: Shop) -> None:
    with pytest.raises(CommandError, match=r"There is no shop nowhere\.example"):
        add_staff("wanda", "nowhere.example")

    assert counted() == (0, 0, 0)


def test_an_unknown_role_is_refused(shop: Shop) -> None:
    with pytest.raises(CommandError, match="invalid choice: 'boss'"):
        add_staff("wanda", shop, "boss")

    assert counted() == (0, 0, 0)
