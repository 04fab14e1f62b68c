"""Macros: made and removed by the desk, and read before they run."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from returns_ops.accounts.models import Shop, User
from returns_ops.narvar import macros
from returns_ops.returns.models import Case, Macro
from returns_ops.returns.states import CaseState
from tests.builders import make_shop, make_staff
from tests.dashboard.desk_cases import fresh, seen

LogIn = Callable[[User], Client]


def test_each_step_says_what_it_does_and_what_it_calls(
    client: Client, ana: User, shop: Shop, case: Case
) -> None:
    steps: list[dict[str, Any]] = [
        {"do": "assign_me"},
        {"do": "snooze", "hours": 3},
        {"do": "refund"},
    ]
    macros.save(shop, "Pay", steps, by=ana)

    (shown,) = client.get(f"/exceptions/{case.pk}/").context["page"].macros

    mine, later, refund = shown.steps
    assert (mine.label, mine.effect, mine.call) == ("Assign to me", "", "")
    assert (later.label, later.given) == ("Snooze", "3 h")
    assert "49.99 USD" in refund.effect
    assert refund.call == "Approval to Narvar, with a refund"
    assert refund.blocked == ""


def test_a_step_that_would_fail_now_says_why(
    client: Client, ana: User, shop: Shop, case: Case
) -> None:
    macros.save(shop, "Again", [{"do": "retry"}], by=ana)

    (shown,) = client.get(f"/exceptions/{case.pk}/").context["page"].macros

    assert shown.steps[0].blocked
    assert shown.steps[0].blocked in client.get(f"/exceptions/{case.pk}/").content.decode()


def test_a_macro_is_one_click(client: Client, ana: User, shop: Shop, case: Case) -> None:
    steps = [{"do": "assign_me"}, {"do": "resolve", "text": "Known issue"}]
    macro = macros.save(shop, "Known issue", steps, by=ana)
    assert "Known issue" in client.get(f"/exceptions/{case.pk}/").content.decode()

    read = {**seen(client, case), "macro_version": macro.version}
    client.post(f"/exceptions/{case.pk}/macro/{macro.pk}/", read)

    assert (fresh(case).state, fresh(case).owner) == (CaseState.RESOLVED, ana)


def test_a_macro_is_made_and_removed_by_the_desk(client: Client, shop: Shop, log_in: LogIn) -> None:
    said = {"name": "Known issue", "shop": shop.domain, "cause": "exception", "do-1": "assign_me"}

    wrong = client.post("/exceptions/macros/", {**said, "do-2": "resolve"})
    assert wrong.status_code == 422
    assert "write the text" in wrong.content.decode()
    assert not Macro.objects.exists()
    client.post("/exceptions/macros/", {**said, "do-2": "resolve", "with-2": "Known"})

    macro = Macro.objects.get()
    assert macro.steps == [{"do": "assign_me"}, {"do": "resolve", "text": "Known"}]
    assert "Assign to me, then Resolve" in client.get("/exceptions/macros/").content.decode()
    stranger = log_in(make_staff("eve", make_shop()))
    assert stranger.post(f"/exceptions/macros/{macro.pk}/remove/").status_code == 404
    client.post(f"/exceptions/macros/{macro.pk}/remove/")
    assert not Macro.objects.exists()
