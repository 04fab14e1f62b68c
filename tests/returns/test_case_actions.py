"""The likely way out of a case, which two keys take: never one that cannot be taken back."""

from decimal import Decimal

import pytest

from returns_ops.returns.case_actions import (
    DANGEROUS,
    STATUS_OF,
    Action,
    ActionFacts,
    PossibleAction,
    possible_actions,
)
from returns_ops.returns.policy import Verdict
from returns_ops.returns.states import Cause

YES = Verdict(allowed=True, sentence="", amount=Decimal(40), cap=Decimal(40), currency="USD")
NO = Verdict(allowed=False, sentence="", reasons=("A decision is already under way: queued.",))


def likely(cause: str, money: Verdict, **known: object) -> PossibleAction:
    facts = ActionFacts(
        cause=cause,
        about_parcel=cause == Cause.MYSTERY_PARCEL,
        refund=money,
        part=money,
        no_refund=money,
        statuses=dict.fromkeys(STATUS_OF, YES),
        note=YES,
        **known,  # type: ignore[arg-type]
    )
    (found,) = (one for one in possible_actions(facts) if one.likely)
    return found


@pytest.mark.parametrize("snoozed", [True, False])
@pytest.mark.parametrize("money", [YES, NO], ids=["money may move", "no money may move"])
@pytest.mark.parametrize("cause", Cause.values)
def test_every_case_has_a_likely_way_that_is_possible_and_does_no_harm(
    cause: str, money: Verdict, snoozed: bool
) -> None:
    found = likely(cause, money, snoozed=snoozed)

    assert found.possible
    assert found.code not in DANGEROUS


@pytest.mark.parametrize("cause", [Cause.EXCEPTION, Cause.AUTOMATION_ENDING])
def test_who_cannot_refund_it_alone_is_led_to_ask(cause: str) -> None:
    assert likely(cause, YES).code == Action.REFUND
    assert likely(cause, YES, second_person="More than 30.00 USD.").code == Action.ASK
