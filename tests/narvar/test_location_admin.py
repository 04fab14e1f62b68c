"""Return locations in the admin: each click is the act of the screens, and nothing goes past it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import AuditEntry, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command
from returns_ops.narvar import locations
from returns_ops.narvar.models import Connection
from returns_ops.returns.models import LocationChange, ReturnLocation
from returns_ops.returns.states import Work
from tests.accounts.admin_pages import filled_in, logged_in, page
from tests.builders import make_package, make_rma, make_shop, make_staff
from tests.circle import Circle
from tests.narvar.asking import DOCK, calls, look, save, saved
from tests.narvar.test_return_locations import at_narvar, elsewhere, the_only

Sync = ReturnLocation.Sync
LIST = "admin:returns_returnlocation_changelist"


@pytest.fixture
def lola(circle: Circle) -> Client:
    return logged_in(make_staff("lola", circle.shop, Role.LOCATION_ADMIN, is_staff=True))


def open_form(browser: Client, location: ReturnLocation | None = None) -> dict[str, Any]:
    kind = "change" if location else "add"
    return filled_in(browser.get(page(kind, ReturnLocation, location)))


def press_save(browser: Client, location: ReturnLocation | None = None, **typed: Any) -> Any:
    form = {**open_form(browser, location), **typed}
    kind = "change" if location else "add"
    return browser.post(page(kind, ReturnLocation, location), form)


def choose(browser: Client, action: str, *chosen: ReturnLocation) -> Any:
    picked = {"action": action, "_selected_action": [one.pk for one in chosen]}
    return browser.post(reverse(LIST), picked)


def rows() -> Any:
    return (
        list(ReturnLocation.objects.order_by("pk").values()),
        Command.objects.count(),
        LocationChange.objects.count(),
        AuditEntry.objects.count(),
    )


def test_a_location_is_made_changed_and_removed_as_on_the_screens(
    circle: Circle, lola: Client
) -> None:
    typed: dict[str, Any] = {**DOCK, "shop": circle.shop.pk, "accepts_in_store": ""}
    made = press_save(lola, **typed)
    assert made.status_code == 302, made.context["adminform"].form.errors
    circle.send()
    look()
    location = the_only()
    assert (location.sync, at_narvar(circle)[0]["name"]) == (Sync.IN_SYNC, "Dock")

    answer = press_save(lola, location, city="Trenton")
    assert answer.status_code == 200
    assert "type “Dock” to confirm" in answer.content.decode()
    assert 'value="Trenton"' in answer.content.decode()
    sure = {"rules_settled": "on", "typed_name": "dock"}
    assert press_save(lola, location, city="Trenton", **sure).status_code == 302
    circle.send()
    look()
    assert at_narvar(circle)[0]["location"]["city"] == "Trenton"

    location.refresh_from_db()
    remove = page("delete", ReturnLocation, location)
    shown = lola.get(remove)
    form = {bound.name: bound.value() for bound in shown.context["form"] if bound.value()}
    assert lola.post(remove, form).status_code == 200
    assert the_only().sync == Sync.IN_SYNC
    assert lola.post(remove, {**form, **sure}).status_code == 302
    circle.send()
    look()
    assert at_narvar(circle) == []
    location.refresh_from_db()
    assert location.sync == Sync.DELETED
    lines = location.history.filter(source="admin").order_by("id")
    assert [str(line.actor) for line in lines] == ["lola"] * 3
    kinds = Command.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["create_location", "update_location", "delete_location"]


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [
        ("latitude", "91", "no place on earth"),
        ("phone", "letters", "no phone number"),
        ("name", "", "required"),
        ("address1", "x" * 10_000, "longer than 255"),
        ("country_code", "usa", "two capital letters"),
        ("state_code", "BY", "BY is no state of United States"),
        ("country", "Germany", "Germany is not United States"),
    ],
)
def test_what_is_wrong_is_said_by_its_field_and_nothing_is_lost(
    circle: Circle, lola: Client, field: str, typed: str, why: str
) -> None:
    location, before = saved(circle), rows

    kept = before()
    answer = press_save(lola, location, **{field: typed, "city": "<b>Trenton</b>"})

    form = answer.context["adminform"].form
    assert why in str(form.errors[field])
    assert form["city"].value() == "<b>Trenton</b>"
    assert "<b>Trenton</b>" not in answer.content.decode()
    assert rows() == kept


def test_a_form_that_is_out_of_date_or_sent_twice_saves_once(circle: Circle, lola: Client) -> None:
    location = saved(circle)
    old = {**open_form(lola, location), "name": "Gate"}
    path = page("change", ReturnLocation, location)

    assert [lola.post(path, old).status_code for _ in range(2)] == [302, 302]
    assert Command.objects.count() == 2
    circle.send()
    look()
    stale = lola.post(path, {**old, "name": "Ramp", "submission_token": "0" * 32})
    assert "changed while you looked at it" in stale.content.decode()
    assert the_only().name == "Gate"


def test_the_actions_ask_for_flags_and_for_a_reading(circle: Circle, lola: Client) -> None:
    dock = saved(circle)
    gate = saved(circle, name="Gate", accepts_in_store=True, accepts_mail=False)

    choose(lola, "enable_in_store", dock, gate)
    choose(lola, "enable_mail_in", gate)
    circle.send(tries=3)
    look()
    assert all(one["accept_in_store_returns"] for one in at_narvar(circle))
    assert all(one["accept_mail_in_returns"] for one in at_narvar(circle))
    assert calls(circle, "update_location") == 2

    choose(lola, "sync_now", dock)
    assert Connection.objects.get().locations_wanted_at is not None
    assert AuditEntry.objects.filter(action="location.sync_asked", actor__username="lola").exists()


def test_a_conflict_is_compared_and_settled_field_by_field(circle: Circle, lola: Client) -> None:
    command = save(circle, saved(circle), city="Trenton", name="Gate")
    elsewhere(circle, "PUT", city="Camden", zip="08102")
    circle.send()
    command.refresh_from_db()
    location = the_only()
    assert location.sync == Sync.CONFLICT

    compared = choose(lola, "compare_with_narvar", location)
    html = compared.content.decode()
    assert "Changed here and at Narvar" in html
    assert "style=" not in html
    form = compared.context["rows"][0]["form"]
    typed = {bound.name: bound.value() for bound in form if bound.value()}
    settle = reverse("admin:returns_returnlocation_settle", args=[location.pk])
    choices = {"choice_city": "ours", "choice_name": "ours", "choice_postal_code": "theirs"}

    assert lola.post(settle, typed).status_code == 200
    assert lola.post(settle, {**typed, **choices}).status_code == 200
    sure = {"rules_settled": "on", "typed_name": "Gate"}
    assert lola.post(settle, {**typed, **choices, **sure}).status_code == 302
    circle.send()
    look()
    shown = at_narvar(circle)[0]
    assert (shown["name"], shown["location"]["city"]) == ("Gate", "Trenton")
    assert shown["location"]["zip"] == "08102"
    assert lola.get(settle).status_code == 405


def test_nothing_in_the_admin_reaches_past_the_rules(circle: Circle, lola: Client) -> None:
    location = saved(circle)
    other = ReturnLocation.objects.create(shop=make_shop("other.myshopify.com"), name="Theirs")
    root = logged_in(User.objects.create_superuser("root", password="a long enough password"))
    agent = logged_in(make_staff("arthur", circle.shop, Role.AGENT, is_staff=True))
    settle = reverse("admin:returns_returnlocation_settle", args=[location.pk])
    theirs = reverse("admin:returns_returnlocation_settle", args=[other.pk])
    form = {**open_form(lola, location), "name": "Gate"}
    before = rows()

    # A superuser sees all and, without the role, changes nothing.
    assert root.get(page("change", ReturnLocation, location)).status_code == 200
    assert root.post(page("change", ReturnLocation, location), form).status_code == 403
    assert root.post(settle, {"choice_city": "ours"}).status_code == 403
    assert agent.get(reverse(LIST)).status_code == 403
    # Nobody deletes a row, or touches another shop's, or edits what is not a field of the form.
    assert choose(lola, "delete_selected", location).status_code in (200, 302)
    assert lola.get(page("change", ReturnLocation, other)).status_code == 302
    assert lola.post(theirs).status_code == 404
    assert lola.get(page("delete", ReturnLocation, other)).status_code == 404
    assert "Theirs" not in lola.get(reverse(LIST)).content.decode()
    assert rows() == before

    lola.post(
        page("change", ReturnLocation, location), {**form, "sync": "deleted", "shop": other.shop_id}
    )
    location.refresh_from_db()
    assert (location.sync, location.shop) == (Sync.SENDING, circle.shop)


def test_the_consequences_of_a_removal_are_shown(circle: Circle, lola: Client) -> None:
    location = saved(circle)
    rma = make_rma(circle.shop, "R-ON-ITS-WAY", work=Work.TO_RECEIVE)
    make_package(rma, destination_id=location.narvar_id)
    locations.sync_locations(circle.shop)

    html = lola.get(page("delete", ReturnLocation, location)).content.decode()

    assert "R-ON-ITS-WAY" in html
    assert "style=" not in html
