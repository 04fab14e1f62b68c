"""What the desk can do about a case: what it is told beforehand, and what Narvar is told then."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import decisions, desk, macros
from returns_ops.returns import transitions
from returns_ops.returns.case_actions import Action, ActionFacts, possible_actions
from returns_ops.returns.models import Case, CaseEvent, Macro, RefundLimit
from returns_ops.returns.policy import Verdict
from returns_ops.returns.rights import Rights
from returns_ops.returns.states import CaseState, Cause
from tests.builders import make_staff
from tests.circle import Circle


@pytest.fixture
def anton(circle: Circle) -> User:
    return make_staff("anton", circle.shop, Role.AGENT)


def stuck(circle: Circle, kind: str = "exception", **body: Any) -> Case:
    rma = circle.arrive(status=None, kind=kind, **body)
    return Case.objects.select_related("rma", "shop", "parcel").get(rma=rma)


def do(case: Case, code: str, by: User, **arguments: Any) -> desk.Acted:
    case = Case.objects.select_related("rma").get(pk=case.pk)
    return desk.act(an_act(case, code, by, **arguments))


def an_act(case: Case, code: str, by: User, **arguments: Any) -> desk.Act:
    assert case.rma is not None
    return desk.Act(
        case_id=case.pk,
        code=code,
        by=by,
        version=case.version,
        rma_version=case.rma.version,
        submission_token=uuid.uuid4(),
        arguments=arguments,
    )


def test_actions_say_their_call_and_effect_the_likely_one_first(
    circle: Circle, anton: User
) -> None:
    actions = desk.actions_of(stuck(circle), Rights(anton))

    first = actions[0]
    assert (first.code, first.likely, first.possible) == (Action.REFUND, True, True)
    assert first.call == "Approval to Narvar, with a refund"
    assert "The return becomes Approved." in first.effect
    by_hand = next(one for one in actions if one.code == Action.BY_HAND)
    assert "switches off its automation" in by_hand.effect
    assert sum(one.likely for one in actions) == 1
    assert all(one.call and one.effect and one.label for one in actions)


def test_a_refund_made_in_shopify_asks_for_no_second_one_first(circle: Circle, anton: User) -> None:
    actions = desk.actions_of(stuck(circle, "unattributed_refund"), Rights(anton))

    assert actions[0].code == Action.NO_REFUND
    part = next(one for one in actions if one.code == Action.PART)
    assert part.most is not None
    assert "amount" in part.needs


def test_a_part_can_be_named_where_the_sum_of_the_whole_is_not_known() -> None:
    full = Verdict(allowed=False, sentence="", reasons=("The sum cannot be worked out.",))
    part = Verdict(allowed=True, sentence="", cap=Decimal("49.99"), currency="USD")

    found = possible_actions(ActionFacts(cause=Cause.EXCEPTION, refund=full, part=part))

    possible = {one.code: one.possible for one in found}
    assert (possible[Action.REFUND], possible[Action.PART]) == (False, True)


def test_what_is_blocked_comes_last_with_its_reason(circle: Circle, anton: User) -> None:
    case = stuck(circle)
    assert case.rma is not None
    circle.approve(case.rma, refund=False)
    case = Case.objects.select_related("rma", "shop", "parcel").get(pk=case.pk)

    actions = desk.actions_of(case, Rights(anton))

    refund = next(one for one in actions if one.code == Action.REFUND)
    assert not refund.possible
    assert "under way" in refund.blocked[0]
    assert [one.possible for one in actions] == sorted(
        (one.possible for one in actions), reverse=True
    )


def test_above_the_limit_it_can_only_be_asked_for(circle: Circle) -> None:
    RefundLimit.objects.update(each=Decimal("0.01"), day=Decimal(1))
    agent = make_staff("berta", circle.shop, Role.AGENT)
    case = stuck(circle)

    actions = {one.code: one for one in desk.actions_of(case, Rights(agent))}
    assert not actions[Action.REFUND].possible
    assert actions[Action.ASK].possible

    done = do(case, Action.ASK, agent)
    assert done.command is not None
    assert done.command.state == CommandState.NEEDS_APPROVAL


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (Action.REJECT, "rejected"),
        (Action.CANCEL, "cancelled_by_retailer"),
        (Action.BY_HAND, "resolve_manually_without_automation"),
    ],
)
def test_a_status_is_told_and_shows_at_narvar(
    circle: Circle, anton: User, code: Action, words: str
) -> None:
    case = stuck(circle)

    done = do(case, code, anton)
    circle.send()

    assert done.command is not None
    assert circle.narvar.requests(operation="shipment_status")
    assert case.rma is not None
    circle.tell(case.rma.rma_number)
    assert circle.rma(case.rma.rma_number).narvar_status == words


def test_a_note_changes_no_status(circle: Circle, anton: User) -> None:
    case = stuck(circle)
    assert case.rma is not None

    do(case, Action.NOTE, anton, note="Customer sends a photo")
    circle.send()

    number = case.rma.rma_number
    assert circle.narvar.notes(circle.shop.domain, number) == ["Customer sends a photo"]
    circle.tell(number)
    assert circle.rma(number).narvar_status == case.rma.narvar_status


def test_an_exchange_waits_or_is_to_be_converted(circle: Circle, anton: User) -> None:
    case = stuck(circle, "out_of_stock_exception")
    actions = desk.actions_of(case, Rights(anton))
    assert actions[0].code == Action.WAIT
    convert = next(one for one in actions if one.code == Action.CONVERT)
    assert "no call for it" in convert.effect

    do(case, Action.CONVERT, anton, note="Please convert to a refund")

    case.refresh_from_db()
    assert case.state == CaseState.SNOOZED
    assert Command.objects.get().kind == "shipment_note"

    circle.send()
    assert Command.objects.get().state in (CommandState.ACCEPTED, CommandState.CONFIRMED)
    case.refresh_from_db()
    assert case.state == CaseState.SNOOZED  # that Narvar took the note is no news

    assert case.rma is not None
    circle.narvar.patch_rma(circle.shop.domain, case.rma.rma_number, email="new@example.com")
    circle.tell(case.rma.rma_number)
    case.refresh_from_db()
    assert case.state == CaseState.OPEN


def _undone(command: Command, by: User) -> None:
    transitions.undo(command.pk, by=by)


def _given_up(command: Command, by: User) -> None:
    _gave_up(command)
    transitions.give_up(command.pk, by=by, reason="Nobody knows")


def _sent_back(command: Command, by: User) -> None:
    transitions.send_back(command.pk, by=by, why="Too much")


@pytest.mark.parametrize(
    ("code", "cancel"),
    [(Action.REFUND, _undone), (Action.REFUND, _given_up), (Action.ASK, _sent_back)],
)
def test_a_case_resolved_with_an_act_is_open_again_when_that_is_taken_back(
    circle: Circle, anton: User, code: str, cancel: Callable[[Command, User], None]
) -> None:
    case = stuck(circle)
    lead = make_staff("lena", circle.shop, Role.APPROVER)
    done = desk.act(replace(an_act(case, code, anton), then_resolve="Decided"))
    case.refresh_from_db()
    assert (case.state, case.present) == (CaseState.RESOLVED, True)

    assert done.command is not None
    cancel(done.command, lead)

    case.refresh_from_db()
    assert case.state == CaseState.OPEN
    last = case.history.latest("id")
    assert (last.verb, last.text) == ("reopened", "What was done about it does not stand any more")

    transitions.resolve(case.pk, by=anton, because="By phone", version=case.version)
    transitions.news_failed(case.shop, done.command.subject)
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED  # once is enough


def test_only_what_failed_is_tried_again(circle: Circle, anton: User) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.narvar.fail_next("approval", "status", status=422, text="Locked")
    circle.send()
    case = Case.objects.select_related("rma", "shop", "parcel").get(cause=Cause.REFUSED)
    assert desk.actions_of(case, Rights(anton))[0].code == Action.RETRY

    done = do(case, Action.RETRY, anton)
    circle.send()
    circle.refund_arrives(rma)

    assert done.command is not None
    done.command.refresh_from_db()
    assert done.command.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1
    case.refresh_from_db()
    assert case.state == CaseState.RESOLVED
    with pytest.raises(transitions.Refused):
        do(case, Action.RETRY, anton)


def test_trying_again_says_what_it_would_do_now_and_keeps_reason_and_note(
    circle: Circle, anton: User
) -> None:
    rma = circle.arrive()
    decisions.approve(
        rma.pk,
        by=circle.wanda,
        refund=True,
        version=circle.rma(rma.rma_number).version,
        submission_token=uuid.uuid4(),
        partial_amount=Decimal("5.00"),
        reason="Worn or used",
        note="Stains",
    )
    circle.narvar.fail_next("approval", "status", status=422, text="Locked")
    circle.send()
    case = Case.objects.select_related("rma", "shop", "parcel").get(cause=Cause.REFUSED)
    assert "5.00" in desk.actions_of(case, Rights(anton))[0].effect
    RefundLimit.objects.update(each=Decimal(1), day=Decimal(1))
    over = next(one for one in desk.actions_of(case, Rights(anton)) if one.code == Action.RETRY)
    assert "second person" in " ".join(over.blocked)
    with pytest.raises(transitions.Refused, match="second person"):
        do(case, Action.RETRY, anton)
    RefundLimit.objects.update(each=Decimal(100), day=Decimal(100))

    done = do(case, Action.RETRY, anton)

    assert done.command is not None
    assert done.command.amount == Decimal("5.00")
    assert done.command.summary["reason"] == "Worn or used"
    assert done.command.summary["note"] == "Stains"


def test_an_unclear_decision_goes_out_once_more_under_its_reference(
    circle: Circle, anton: User
) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("approval", "act_then_reset")
    circle.send()
    _gave_up(command)
    case = Case.objects.get(cause=Cause.UNSETTLED)

    do(case, Action.RETRY, anton)
    circle.send()
    circle.refund_arrives(rma)

    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1


def _gave_up(command: Command) -> None:
    """As after six hours without a clear answer."""
    Command.objects.filter(pk=command.pk).update(
        state=CommandState.ATTENTION, cause="no_clear_answer", problem="No clear answer"
    )
    transitions.news_failed(command.shop, command.subject)


def test_the_same_form_twice_acts_once(circle: Circle, anton: User) -> None:
    act = an_act(stuck(circle), Action.NOTE, anton, note="Once")

    first, second = desk.act(act), desk.act(act)

    assert first.command == second.command
    assert Command.objects.count() == 1
    assert CaseEvent.objects.filter(verb="acted").count() == 1


def test_what_changed_meanwhile_refuses_the_act(circle: Circle, anton: User) -> None:
    case = stuck(circle)
    assert case.rma is not None
    act = an_act(case, Action.REFUND, anton)
    circle.narvar.patch_rma(circle.shop.domain, case.rma.rma_number, email="new@example.com")
    circle.tell(case.rma.rma_number)

    with pytest.raises(transitions.Stale):
        desk.act(act)

    assert not Command.objects.exists()
    assert not CaseEvent.objects.filter(verb="acted").exists()


def test_a_macro_does_all_its_steps_or_none(circle: Circle, anton: User) -> None:
    case = stuck(circle)
    macro = macros.save(
        circle.shop,
        "Ask and wait",
        [
            {"do": "assign_me"},
            {"do": "narvar_note", "text": "Photo please"},
            {"do": "note", "text": "Asked for a photo"},
            {"do": "snooze", "hours": "24"},
        ],
        by=anton,
        causes=[Cause.EXCEPTION],
    )
    assert macros.offered(case) == [macro]
    macros.run(_run(macro, case, anton))

    case.refresh_from_db()
    assert (case.owner, case.state) == (anton, CaseState.SNOOZED)
    assert Command.objects.get().summary["note"] == "Photo please"

    twice = macros.save(circle.shop, "Twice", [{"do": "refund"}, {"do": "refund"}], by=anton)
    before = list(CaseEvent.objects.values_list("pk", flat=True))
    with pytest.raises(transitions.Refused, match="Step 2"):
        macros.run(_run(twice, case, anton))
    assert Command.objects.count() == 1
    assert list(CaseEvent.objects.values_list("pk", flat=True)) == before


def test_a_macro_runs_as_it_was_read_and_for_the_causes_it_is_made_for(
    circle: Circle, anton: User
) -> None:
    case, shop = stuck(circle), circle.shop
    note, watch = [{"do": "note", "text": "Asked"}], [{"do": "watch"}]
    other = macros.save(shop, "Of the bench", note, by=anton, causes=[Cause.BENCH])
    macro = macros.save(shop, "Ask", note, by=anton)
    read = _run(macro, case, anton)
    macros.save(shop, "Ask", watch, by=anton, macro_id=macro.pk, version=macro.version)

    assert other not in macros.offered(case)
    with pytest.raises(transitions.Refused, match="not made for this cause"):
        macros.run(_run(other, case, anton))
    with pytest.raises(transitions.Stale, match="changed since you looked"):
        macros.run(read)
    assert not CaseEvent.objects.filter(verb="noted").exists()


def _run(macro: Macro, case: Case, by: User) -> macros.Run:
    case = Case.objects.select_related("rma").get(pk=case.pk)
    assert case.rma is not None
    return macros.Run(
        macro_id=macro.pk,
        macro_version=macro.version,
        case_id=case.pk,
        by=by,
        version=case.version,
        rma_version=case.rma.version,
        submission_token=uuid.uuid4(),
    )


@pytest.mark.parametrize(
    "steps",
    [[], [{"do": "delete_everything"}], [{"do": "resolve"}], [{"do": "snooze", "hours": "no"}]],
)
def test_a_macro_that_cannot_be_is_refused(
    circle: Circle, anton: User, steps: list[dict[str, str]]
) -> None:
    with pytest.raises(transitions.Refused):
        macros.save(circle.shop, "Bad", steps, by=anton)
