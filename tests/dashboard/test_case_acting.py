"""What is done about a case from its page, and about many at once."""

import uuid
from collections.abc import Callable

import pytest
from django.db.models.functions import Now
from django.test import Client

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import Command, EventState, ReplayJob
from returns_ops.returns.models import Case, DeskRules, Playbook
from returns_ops.returns.states import CaseState, Cause
from tests.builders import make_event, make_shop, make_staff
from tests.dashboard.desk_cases import act, fresh, make_case, seen

LogIn = Callable[[User], Client]


def test_the_likely_way_comes_first_and_says_what_it_does(client: Client, case: Case) -> None:
    acts = client.get(f"/exceptions/{case.pk}/").context["page"].acts

    assert acts[0].likely
    assert acts[0].label == "Approve and refund in full"
    assert "49.99 USD" in acts[0].effect
    assert acts[0].call == "Approval to Narvar, with a refund"
    assert [one.likely for one in acts[1:]] == [False] * (len(acts) - 1)


def test_a_case_is_settled_and_the_next_one_opens(client: Client, shop: Shop, case: Case) -> None:
    other = make_case(shop, "RM-2")

    answer = act(client, case, "refund", then="next")

    command = Command.objects.get()
    assert (command.kind, command.moves_money, command.subject) == ("approval", True, "RM-1")
    assert fresh(case).state == CaseState.RESOLVED
    assert fresh(case).closed_because == "Approve and refund in full"
    assert answer["Location"] == f"/exceptions/{other.pk}/?tab=all"


def test_the_same_form_twice_is_one_call(client: Client, case: Case) -> None:
    fields = seen(client, case)

    for _ in range(2):
        client.post(f"/exceptions/{case.pk}/act/", {"action": "refund", "then": "stay", **fields})

    assert Command.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "why"),
    [("abc", "Enter an amount in digits"), ("", "Enter an amount"), ("5000", "49.99")],
)
def test_a_wrong_amount_is_refused_where_it_stands(
    amount: str, why: str, client: Client, case: Case
) -> None:
    answer = act(client, case, "refund_part", amount=amount, reason="Worn or used")

    page = answer.content.decode()
    assert answer.status_code in (409, 422)
    assert why in page
    assert f'value="{amount}"' in page
    assert not Command.objects.exists()
    assert fresh(case).state == CaseState.OPEN


def test_an_act_that_comes_late_shows_both(
    client: Client, case: Case, shop: Shop, log_in: LogIn
) -> None:
    fields = seen(client, case)
    sam = make_staff("sam", shop, first_name="Sam")
    log_in(sam).post(f"/exceptions/{case.pk}/owner/", {"act": "claim"})

    said = {"action": "resolve", "because": "Customer agreed on the phone", **fields}
    late = client.post(f"/exceptions/{case.pk}/act/", said)

    page = late.content.decode()
    assert late.status_code == 409
    assert "This case changed while you worked on it" in page
    assert "Assigned to Sam" in page
    assert "Customer agreed on the phone" in page
    assert fresh(case).state == CaseState.OPEN


@pytest.mark.parametrize(
    ("code", "said", "why"),
    [
        ("refund_part", {"amount": "5"}, "Choose why it is not the full amount."),
        ("reject", {"note": "x" * 501}, "at most 500 characters"),
        ("note", {"note": "x" * 501}, "at most 500 characters"),
    ],
)
def test_what_cannot_be_told_is_said_beside_what_was_typed(
    code: str, said: dict[str, str], why: str, client: Client, case: Case
) -> None:
    answer = act(client, case, code, **said)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert why in page
    assert all(text in page for text in said.values())
    assert not Command.objects.exists()


def test_a_line_end_is_one_character_and_goes_out_as_one(client: Client, case: Case) -> None:
    act(client, case, "note", note="x" * 249 + "\r\n" + "y" * 250)

    assert Command.objects.get().summary["note"] == "x" * 249 + "\n" + "y" * 250


def test_an_internal_note_sent_twice_is_one(client: Client, case: Case) -> None:
    said = {"note": "Called her", "to": "us", "submission_token": str(uuid.uuid4())}

    for _ in range(2):
        assert client.post(f"/exceptions/{case.pk}/note/", said).status_code == 302

    assert case.history.filter(verb="noted").count() == 1


def test_news_that_failed_are_asked_for_and_close_the_case_only_when_applied(
    client: Client, case: Case
) -> None:
    Case.objects.filter(pk=case.pk).update(cause=Cause.DEAD_LETTER)
    nothing = act(client, case, "retry", then="stay")
    assert (nothing.status_code, ReplayJob.objects.count()) == (409, 0)
    dead = EventState.DEAD
    make_event(case.shop, subject="RM-1", state=dead, reason="bad_field", done_at=Now())

    act(client, case, "retry", then="stay")

    assert ReplayJob.objects.count() == 1
    assert case.history.filter(verb="acted").exists()
    assert fresh(case).state == CaseState.OPEN


def test_a_form_that_did_not_arrive_whole_does_nothing(client: Client, case: Case) -> None:
    assert client.post(f"/exceptions/{case.pk}/act/", {"action": "refund"}).status_code == 422
    assert act(client, case, "nonsense").status_code == 409
    assert act(client, case, "wait", until="yesterday").status_code == 422
    assert not Command.objects.exists()


def test_a_case_waits_until_something_changes_and_the_next_opens(
    client: Client, case: Case
) -> None:
    act(client, case, "wait", then="next")

    assert fresh(case).state == CaseState.SNOOZED
    assert fresh(case).snoozed_sign


def test_a_resolved_case_is_opened_again_while_its_cause_holds(client: Client, case: Case) -> None:
    act(client, case, "resolve", because="Done", then="stay")
    assert "Resolved by Ana Ruiz" in client.get(f"/exceptions/{case.pk}/").content.decode()

    client.post(f"/exceptions/{case.pk}/reopen/")

    assert fresh(case).state == CaseState.OPEN


def test_the_text_for_the_customer_comes_in_several_languages(client: Client, case: Case) -> None:
    for language, words in {"": "Hello,", "de": "Guten Tag,", "xx": "Hello,"}.items():
        page = client.get(f"/exceptions/{case.pk}/", {"lang": language}).content.decode()
        assert words in page
    DeskRules.objects.create(shop=case.shop, languages=["de", "fr"])
    page = client.get(f"/exceptions/{case.pk}/", {"lang": "es"}).content.decode()
    assert "Guten Tag," in page
    assert "Français" in page
    assert "Español" not in page


def test_a_playbook_is_edited_and_a_late_edit_keeps_both(
    client: Client, ana: User, shop: Shop, case: Case, log_in: LogIn
) -> None:
    url = f"/exceptions/playbooks/{Cause.EXCEPTION}/?shop={shop.domain}"
    assert "text that comes with the product" in client.get(url).content.decode()
    sam = log_in(make_staff("sam", shop, first_name="Sam"))

    client.post(url, {"text": "1. Call the shop", "number": "0"})
    late = sam.post(url, {"text": "1. Write to the shop", "number": "0"})

    assert late.status_code == 409
    assert "1. Call the shop" in late.content.decode()
    assert "1. Write to the shop" in late.content.decode()
    assert Playbook.objects.get().text == "1. Call the shop"
    assert "1. Call the shop" in client.get(f"/exceptions/{case.pk}/").content.decode()
    assert client.get("/exceptions/playbooks/nonsense/").status_code == 404
    foreign = f"/exceptions/playbooks/{Cause.EXCEPTION}/?shop={make_shop().domain}"
    client.post(foreign, {"text": "Mine after all", "number": "1"})
    assert set(Playbook.objects.values_list("shop", flat=True)) == {shop.pk}
