"""A security admin in the admin: their own shops' people and shops, and nothing beyond."""

from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import AuditEntry, Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, Event
from returns_ops.narvar.models import WebhookCredential
from returns_ops.returns.models import Barcode, Rma
from tests.accounts.admin_pages import MODELS, RULES, filled_in, logged_in, page
from tests.builders import PASSWORD, give_role, make_rma, make_shop, make_staff


@pytest.fixture
def other(db: None) -> Shop:
    return make_shop("other.myshopify.com")


@pytest.fixture
def sam(shop: Shop) -> User:
    return make_staff("sam", shop, Role.SECURITY_ADMIN, is_staff=True)


@pytest.fixture
def sams(sam: User) -> Client:
    return logged_in(sam)


def everything() -> list[list[dict[str, Any]]]:
    models: list[type[Model]] = [User, Membership, Shop, WebhookCredential, AuditEntry]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def membership_form(user: User, shop: Shop, role: str) -> dict[str, Any]:
    return {"user": user.pk, "shop": shop.pk, "role": role}


def new_person(shop: Shop | None, **changed: Any) -> dict[str, Any]:
    given = 1 if shop else 0
    form = {
        "username": "newcomer",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "memberships-TOTAL_FORMS": given,
        "memberships-INITIAL_FORMS": 0,
    }
    if shop:
        form |= {"memberships-0-shop": shop.pk, "memberships-0-role": Role.AGENT}
    return {**form, **changed}


def test_the_index_offers_people_shops_roles_and_rules_only(sams: Client) -> None:
    html = sams.get(reverse("admin:index")).content.decode()

    offered = {model for model in MODELS if f'"{page("changelist", model)}"' in html}
    assert offered == {Shop, User, Membership, Barcode, *RULES}


def test_only_people_and_shops_of_their_own_are_listed(
    sams: Client, sam: User, shop: Shop, other: Shop
) -> None:
    ours, theirs = make_staff("ours", shop), make_staff("theirs", other)

    def listed(model: type[Any]) -> set[Any]:
        return set(sams.get(page("changelist", model)).context["cl"].result_list)

    assert listed(Shop) == {shop}
    assert listed(User) == {sam, ours}
    assert listed(Membership) == {*sam.memberships.all(), *ours.memberships.all()}
    html = sams.get(page("changelist", Membership)).content.decode()
    assert other.domain not in html
    assert theirs.username not in html


def test_what_is_of_another_shop_cannot_be_opened(sams: Client, other: Shop) -> None:
    person = make_staff("theirs", other)
    before = everything()

    for thing in (other, person, person.memberships.get()):
        for kind in ("change", "history", "delete"):
            answer = sams.get(page(kind, type(thing), thing))
            assert answer.status_code in (302, 403), kind
        assert sams.post(page("change", type(thing), thing), {}).status_code in (302, 403)
    assert sams.post(reverse("admin:auth_user_password_change", args=[person.pk])).status_code in (
        302,
        403,
        404,
    )

    assert everything() == before


@pytest.mark.parametrize("model", [Rma, Event, Command, AuditEntry], ids=lambda m: m.__name__)
def test_records_stay_closed(sams: Client, shop: Shop, model: type[Any]) -> None:
    make_rma(shop)

    assert sams.get(page("changelist", model)).status_code == 403


def test_a_colleague_is_given_a_role(sams: Client, sam: User, shop: Shop) -> None:
    colleague = make_staff("colleague", shop, Role.WAREHOUSE)

    answer = sams.post(page("add", Membership), membership_form(colleague, shop, Role.APPROVER))

    assert answer.status_code == 302
    assert colleague.memberships.filter(shop=shop, role=Role.APPROVER).count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.shop) == ("admin.membership_added", sam, shop)
    assert entry.subject == f"colleague is Approver at {shop}"


def test_no_role_can_be_given_at_another_shop(sams: Client, shop: Shop, other: Shop) -> None:
    colleague = make_staff("colleague", shop)
    before = everything()

    answer = sams.post(page("add", Membership), membership_form(colleague, other, Role.AGENT))

    assert answer.status_code == 200
    assert "shop" in answer.context["adminform"].form.errors
    assert everything() == before


@pytest.mark.parametrize("role", Role.values)
def test_nobody_gives_themselves_a_role(
    sams: Client, sam: User, shop: Shop, other: Shop, role: str
) -> None:
    before = everything()

    for where in (shop, other):
        answer = sams.post(page("add", Membership), membership_form(sam, where, role))
        assert "user" in answer.context["adminform"].form.errors

    assert everything() == before


def test_nobody_changes_or_takes_their_own_role(sams: Client, sam: User, shop: Shop) -> None:
    own = sam.memberships.get()
    before = everything()

    changed = sams.post(page("change", Membership, own), membership_form(sam, shop, "approver"))
    taken = sams.post(page("delete", Membership, own), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [own.pk], "post": "yes"}
    sams.post(page("changelist", Membership), chosen)

    assert (changed.status_code, taken.status_code) == (403, 403)
    assert everything() == before


def test_a_role_cannot_be_moved_to_another_shop(sams: Client, shop: Shop, other: Shop) -> None:
    colleague = make_staff("colleague", shop)
    held = colleague.memberships.get()
    before = everything()

    answer = sams.post(
        page("change", Membership, held), membership_form(colleague, other, held.role)
    )

    assert "shop" in answer.context["adminform"].form.errors
    assert everything() == before


def test_a_role_is_taken_away_and_leaves_its_trace(sams: Client, sam: User, shop: Shop) -> None:
    held = make_staff("colleague", shop).memberships.get()

    assert sams.post(page("delete", Membership, held), {"post": "yes"}).status_code == 302

    assert not Membership.objects.filter(pk=held.pk).exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.shop) == ("admin.membership_deleted", sam, shop)
    assert entry.data["id"] == held.pk


def test_several_roles_taken_at_once_leave_a_trace_each(sams: Client, shop: Shop) -> None:
    held = [make_staff(shop=shop).memberships.get().pk for _ in range(2)]
    chosen = {"action": "delete_selected", "_selected_action": held, "post": "yes"}

    assert sams.post(page("changelist", Membership), chosen).status_code == 302

    assert not Membership.objects.filter(pk__in=held).exists()
    assert AuditEntry.objects.filter(action="admin.membership_deleted").count() == 2


def test_a_new_person_is_made_with_a_role_at_their_shop(sams: Client, shop: Shop) -> None:
    answer = sams.post(page("add", User), new_person(shop))

    assert answer.status_code == 302
    newcomer = User.objects.get(username="newcomer")
    assert newcomer.check_password(PASSWORD)
    assert (newcomer.is_staff, newcomer.is_superuser) == (False, False)
    assert [(m.shop, m.role) for m in newcomer.memberships.all()] == [(shop, Role.AGENT)]
    assert sams.get(page("change", User, newcomer)).status_code == 200
    assert AuditEntry.objects.get().action == "admin.user_added"


def test_a_new_person_without_a_role_is_refused(sams: Client) -> None:
    before = everything()

    answer = sams.post(page("add", User), new_person(None))

    assert answer.status_code == 200
    assert everything() == before


def test_a_new_person_with_a_weak_password_is_refused(sams: Client, shop: Shop) -> None:
    before = everything()

    sams.post(page("add", User), new_person(shop, password1="short", password2="short"))

    assert everything() == before


def test_a_new_person_gets_no_role_at_another_shop(sams: Client, other: Shop) -> None:
    before = everything()

    answer = sams.post(page("add", User), new_person(other))

    assert answer.status_code == 200
    assert everything() == before


@pytest.mark.parametrize("who", ["colleague", "sam"])
def test_nobody_is_made_a_superuser(sams: Client, shop: Shop, who: str) -> None:
    make_staff("colleague", shop)
    person = User.objects.get(username=who)
    path = page("change", User, person)
    form = filled_in(sams.get(path))
    assert "is_superuser" not in form

    wish = {"is_superuser": "on", "user_permissions": "1", "groups": "1"}
    answer = sams.post(path, {**form, **wish})

    assert answer.status_code == 302
    person.refresh_from_db()
    assert not person.is_superuser
    assert not person.user_permissions.exists()


def test_a_new_person_is_not_a_superuser_whatever_is_sent(sams: Client, shop: Shop) -> None:
    sams.post(page("add", User), new_person(shop, is_superuser="on", is_staff="on"))

    newcomer = User.objects.get(username="newcomer")
    assert (newcomer.is_superuser, newcomer.is_staff) == (False, False)


def test_own_roles_are_not_editable_on_ones_own_page(sams: Client, sam: User, shop: Shop) -> None:
    path = page("change", User, sam)
    form = filled_in(sams.get(path))
    more = {
        "memberships-TOTAL_FORMS": 2,
        "memberships-1-shop": shop.pk,
        "memberships-1-role": Role.APPROVER,
        "memberships-1-user": sam.pk,
    }

    sams.post(path, {**form, **more})

    assert [m.role for m in sam.memberships.all()] == [Role.SECURITY_ADMIN]


def test_a_colleague_of_theirs_is_edited_with_a_trace(sams: Client, sam: User, shop: Shop) -> None:
    colleague = make_staff("colleague", shop)
    path = page("change", User, colleague)
    form = filled_in(sams.get(path))
    form.pop("is_active")

    assert sams.post(path, form).status_code == 302

    colleague.refresh_from_db()
    assert not colleague.is_active
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.subject) == ("admin.user_changed", sam, "colleague")
    assert entry.data["changes"] == [{"changed": {"fields": ["Active"]}}]


@pytest.mark.parametrize("beyond", ["works elsewhere too", "is a superuser"])
def test_whoever_reaches_further_is_only_looked_at(
    sams: Client, shop: Shop, other: Shop, beyond: str
) -> None:
    """Their password would open what the security admin may not."""
    person = make_staff("colleague", shop, is_superuser=beyond == "is a superuser")
    if not person.is_superuser:
        give_role(person, other, Role.APPROVER)
    before = everything()
    change, password = (
        page("change", User, person),
        reverse("admin:auth_user_password_change", args=[person.pk]),
    )

    html = sams.get(change).content.decode()

    assert person.password not in html
    assert other.domain not in html
    assert sams.post(change, {"username": "renamed"}).status_code == 403
    assert sams.get(password).status_code == 403
    new = {
        "usable_password": "true",
        "password1": "my own choice 1",
        "password2": "my own choice 1",
    }
    assert sams.post(password, new).status_code == 403
    assert everything() == before


def test_a_colleagues_password_is_set_with_a_trace(sams: Client, shop: Shop) -> None:
    colleague = make_staff("colleague", shop)
    path = reverse("admin:auth_user_password_change", args=[colleague.pk])
    new = {
        "usable_password": "true",
        "password1": "my own choice 1",
        "password2": "my own choice 1",
    }

    assert sams.post(path, new).status_code == 302

    colleague.refresh_from_db()
    assert colleague.check_password("my own choice 1")
    entry = AuditEntry.objects.get()
    assert entry.action == "admin.user_changed"
    assert "my own choice" not in str(entry.data)


def test_a_shop_is_edited_but_not_made_renamed_or_deleted(
    sams: Client, sam: User, shop: Shop
) -> None:
    path = page("change", Shop, shop)
    form = filled_in(sams.get(path))

    answer = sams.post(path, {**form, "domain": "renamed.example.com", "hold_seconds": "30"})

    assert answer.status_code == 302
    domain, hold = shop.domain, Shop.objects.get(pk=shop.pk).hold_seconds
    assert (Shop.objects.get(pk=shop.pk).domain, hold) == (domain, 30)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.shop, entry.actor) == ("admin.shop_changed", shop, sam)
    assert sams.get(page("add", Shop)).status_code == 403
    assert sams.post(page("delete", Shop, shop), {"post": "yes"}).status_code == 403


def test_an_alias_cannot_be_taken_from_another_shop(sams: Client, shop: Shop, other: Shop) -> None:
    path = page("change", Shop, shop)

    answer = sams.post(path, {**filled_in(sams.get(path)), "aliases": "OTHER.myshopify.com"})

    assert f"already belongs to {other}" in str(answer.context["adminform"].form.errors)
    assert Shop.objects.get(pk=shop.pk).aliases == []


def test_a_security_admin_who_left_is_let_in_nowhere(sam: User, sams: Client) -> None:
    User.objects.filter(pk=sam.pk).update(is_active=False)

    assert sams.get(page("changelist", User)).status_code == 302


def test_a_security_admin_who_lost_the_role_sees_nothing(sam: User, sams: Client) -> None:
    sam.memberships.all().delete()

    for model in (User, Shop, Membership):
        assert sams.get(page("changelist", model)).status_code == 403
