"""Who may do what: the roles as a table, and the border between shops."""

import pytest

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import PERMISSIONS, Permission, Role
from tests.builders import give_role, make_shop, make_staff

# view_rmas receive approve resolve second_approval manage_locations manage_shop
# view_messages reveal
TABLE = {
    Role.WAREHOUSE: "yes yes yes no no no no no no",
    Role.AGENT: "yes yes yes yes no no no yes yes",
    Role.APPROVER: "yes yes yes yes yes no no yes yes",
    Role.LOCATION_ADMIN: "yes no no no no yes no no no",
    Role.SECURITY_ADMIN: "no no no no no no yes yes no",
}
ROWS = [
    (role, permission, word == "yes")
    for role, words in TABLE.items()
    for permission, word in zip(Permission, words.split(), strict=True)
]


@pytest.mark.parametrize(("role", "permission", "allowed"), ROWS)
def test_a_role_grants_what_the_table_says(
    shop: Shop, role: Role, permission: Permission, allowed: bool
) -> None:
    person = make_staff(shop=shop, role=role)

    assert person.may(permission, shop) is allowed
    assert list(Shop.objects.where(person, permission)) == ([shop] if allowed else [])


def test_every_role_has_its_row() -> None:
    assert set(TABLE) == set(Role) == set(PERMISSIONS)


@pytest.mark.parametrize("role", Role.values)
def test_no_role_reaches_into_another_shop(shop: Shop, role: str) -> None:
    person, other = make_staff(shop=shop, role=role), make_shop()

    assert not any(person.may(permission, other) for permission in Permission)
    for permission in Permission:
        assert other not in Shop.objects.where(person, permission)


def test_two_roles_add_up(shop: Shop) -> None:
    person = make_staff(shop=shop, role=Role.WAREHOUSE)
    give_role(person, shop, Role.LOCATION_ADMIN)

    assert person.may(Permission.APPROVE, shop)
    assert person.may(Permission.MANAGE_LOCATIONS, shop)
    assert list(Shop.objects.where(person, Permission.VIEW_RMAS)) == [shop]


def test_roles_at_two_shops_do_not_mix(shop: Shop) -> None:
    person, other = make_staff(shop=shop, role=Role.AGENT), make_shop()
    give_role(person, other, Role.SECURITY_ADMIN)

    assert not person.may(Permission.MANAGE_SHOP, shop)
    assert not person.may(Permission.APPROVE, other)


def test_a_person_who_left_may_nothing(shop: Shop) -> None:
    person = make_staff(shop=shop, role=Role.APPROVER, is_active=False)

    assert not any(person.may(permission, shop) for permission in Permission)
    assert not Shop.objects.where(person, Permission.VIEW_RMAS).exists()


def test_a_superuser_decides_no_returns(shop: Shop) -> None:
    root = User.objects.create_superuser("root")

    assert not any(root.may(permission, shop) for permission in Permission)


def test_nobody_holds_money_and_people_by_one_role() -> None:
    money = {Permission.APPROVE, Permission.SECOND_APPROVAL}

    for granted in PERMISSIONS.values():
        assert not (granted & money and Permission.MANAGE_SHOP in granted)
