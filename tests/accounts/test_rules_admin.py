"""The rules of a shop's bench: set by its security admins, and each change is known later."""

from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import BenchRules, DecisionReason, DeskRules, Grade, RefundLimit
from tests.accounts.admin_pages import RULES, filled_in, logged_in, page
from tests.builders import give_role, make_shop, make_staff

# What a person types; the shop is chosen beside it.
TYPED: dict[type[Model], dict[str, Any]] = {
    BenchRules: {"scanned_is_good": "on", "request_hours": 12},
    DeskRules: {
        "days": "1,2,3",
        "opens": "08:00",
        "closes": "16:00",
        "due_hours": 6,
        "money_due_hours": 2,
        "warn_hours": 10,
        "high_value": "150",
    },
    Grade: {"code": "E", "name": "Empty box", "bad": "on", "position": 4},
    DecisionReason: {"decision": "rejected", "text": "Smells of smoke", "position": 1},
    RefundLimit: {"role": "agent", "currency": "usd", "each": "80.50", "day": "400"},
}
KINDS = pytest.mark.parametrize("model", RULES, ids=lambda model: model.__name__)


@pytest.fixture
def sam(shop: Shop) -> User:
    return make_staff("sam", shop, Role.SECURITY_ADMIN, is_staff=True)


@pytest.fixture
def sams(sam: User) -> Client:
    return logged_in(sam)


def typed(model: type[Model], shop: Shop, **other: Any) -> dict[str, Any]:
    return {"shop": shop.pk, **TYPED[model], **other}


def made(model: type[Model], shop: Shop) -> Any:
    fields: dict[str, Any] = {**TYPED[model], "shop": shop}
    fields = {name: value == "on" or value for name, value in fields.items()}
    fields.pop("days", None)  # a list, which a person types with commas
    if model is RefundLimit:
        fields["currency"] = "USD"
    return model._default_manager.create(**fields)


def everything() -> list[list[dict[str, Any]]]:
    models: list[type[Model]] = [*RULES, AuditEntry]
    return [list(model._default_manager.values()) for model in models]


@KINDS
def test_a_security_admin_adds_changes_and_deletes_with_a_trace_each(
    model: type[Model], sams: Client, sam: User, shop: Shop
) -> None:
    added = sams.post(page("add", model), typed(model, shop))
    one = model._default_manager.get()
    path = page("change", model, one)
    changed = sams.post(path, filled_in(sams.get(path)))
    deleted = sams.post(page("delete", model, one), {"post": "yes"})

    assert [answer.status_code for answer in (added, changed, deleted)] == [302, 302, 302]
    assert not model._default_manager.exists()
    name = model._meta.model_name
    entries = AuditEntry.objects.order_by("id")
    assert [(one.action, one.actor, one.shop) for one in entries] == [
        (f"admin.{name}_{verb}", sam, shop) for verb in ("added", "changed", "deleted")
    ]


def test_the_trace_of_a_limit_tells_its_amounts(sams: Client, shop: Shop) -> None:
    sams.post(page("add", RefundLimit), typed(RefundLimit, shop))

    values = AuditEntry.objects.get().data["values"]
    assert Decimal(values["each"]) == Decimal("80.5")
    assert (values["role"], values["currency"]) == ("agent", "USD")


@KINDS
def test_what_is_of_another_shop_is_neither_seen_nor_touched(
    model: type[Model], sams: Client
) -> None:
    other = make_shop("other.myshopify.com")
    one = made(model, other)
    before = everything()

    listed = sams.get(page("changelist", model))
    for kind in ("change", "history", "delete"):
        assert sams.get(page(kind, model, one)).status_code in (302, 403)
        assert sams.post(page(kind, model, one), {"post": "yes"}).status_code in (302, 403, 405)
    added = sams.post(page("add", model), typed(model, other))

    assert list(listed.context["cl"].result_list) == []
    assert other.domain not in listed.content.decode()
    assert "shop" in added.context["adminform"].form.errors
    assert everything() == before


@KINDS
def test_a_row_stays_with_its_shop(model: type[Model], sams: Client, sam: User, shop: Shop) -> None:
    second, one = make_shop("second.myshopify.com"), made(model, shop)
    give_role(sam, second, Role.SECURITY_ADMIN)
    path = page("change", model, one)

    sams.post(path, {**filled_in(sams.get(path)), "shop": second.pk})

    assert model._default_manager.values_list("shop", flat=True).get() == shop.pk


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"currency": "XXQ"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"each": "-1"}, "each"),
        ({"each": "500", "day": "400"}, "day"),
        ({"each": "80.505"}, "each"),
        ({"currency": "JPY", "each": "80.5", "day": "400"}, "each"),
        ({"each": "NaN"}, "each"),
        ({"role": "security_admin"}, "role"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_by_its_field(
    fields: dict[str, Any], wrong: str, sams: Client, shop: Shop
) -> None:
    before = everything()

    answer = sams.post(page("add", RefundLimit), typed(RefundLimit, shop, **fields))

    assert answer.status_code == 200
    assert wrong in answer.context["adminform"].form.errors
    assert everything() == before


def test_nobody_sets_the_limit_they_refund_under(sams: Client, sam: User, shop: Shop) -> None:
    give_role(sam, shop, Role.AGENT)
    own = made(RefundLimit, shop)
    other = RefundLimit.objects.create(
        shop=shop, role=Role.WAREHOUSE, currency="USD", each=1, day=1
    )
    before = everything()

    changed = sams.post(page("change", RefundLimit, own), typed(RefundLimit, shop, each="9"))
    deleted = sams.post(page("delete", RefundLimit, own), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [own.pk], "post": "yes"}
    together = sams.post(page("changelist", RefundLimit), chosen)
    added = sams.post(page("add", RefundLimit), typed(RefundLimit, shop, currency="EUR"))
    moved = sams.post(page("change", RefundLimit, other), typed(RefundLimit, shop, currency="EUR"))

    assert [one.status_code for one in (changed, deleted, together)] == [403, 403, 403]
    assert all("role" in one.context["adminform"].form.errors for one in (added, moved))
    assert everything() == before
    assert sams.get(page("change", RefundLimit, other)).status_code == 200


def test_nor_does_anybody_who_refunds_set_that_of_everybody(
    sams: Client, sam: User, shop: Shop
) -> None:
    everybody = {"role": RefundLimit.EVERYBODY, "currency": "USD", "each": "50", "day": "100"}
    sams.post(page("add", RefundLimit), {"shop": shop.pk, **everybody})
    (limit,) = RefundLimit.objects.all()
    give_role(sam, shop, Role.APPROVER)
    before = everything()

    changed = sams.post(page("change", RefundLimit, limit), {**everybody, "day": "900"})
    deleted = sams.post(page("delete", RefundLimit, limit), {"post": "yes"})
    euros = {"shop": shop.pk, **everybody, "currency": "EUR"}
    added = sams.post(page("add", RefundLimit), euros)

    assert [one.status_code for one in (changed, deleted)] == [403, 403]
    assert "role" in added.context["adminform"].form.errors
    assert everything() == before
