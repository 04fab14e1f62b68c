"""When we call and when we do not: budget, breaker, kill switch, looks before and after."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from django.db.models.functions import Now

from returns_ops.accounts.models import AuditEntry
from returns_ops.messaging import outbox
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.narvar import breaker, budget, looking, reopening
from returns_ops.narvar.budget import Priority, Rate
from returns_ops.narvar.models import Budget, Connection
from returns_ops.returns.states import Money, Work
from tests.circle import DOMAIN, Circle, connect_second


def approvals(circle: Circle) -> int:
    return len(circle.narvar.requests(operation="approval"))


def accepted_ago(minutes: int) -> None:
    Command.objects.update(accepted_at=Now() - timedelta(minutes=minutes), next_attempt_at=Now())


def test_a_budget_is_learned_from_the_headers(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)

    circle.send()

    learned = Budget.objects.get(shop=circle.shop)
    assert (learned.limit, learned.remaining) == (300, 298)  # one look, one approval
    assert learned.learned_at is not None


@pytest.mark.parametrize(
    ("priority", "remaining", "may"),
    [
        (Priority.MONEY, 1, True),
        (Priority.MONEY, 0, False),
        (Priority.PERSON, 5, False),
        (Priority.PERSON, 6, True),
        (Priority.CONFIRMATION, 10, False),
        (Priority.CONFIRMATION, 11, True),
        (Priority.BACKFILL, 30, False),
        (Priority.BACKFILL, 31, True),
    ],
)
def test_lesser_calls_leave_a_share_to_money(
    circle: Circle, priority: Priority, remaining: int, may: bool
) -> None:
    budget.learn(circle.shop.pk, Rate(limit=100, remaining=remaining, reset=40))

    assert budget.reserve(circle.shop.pk, priority) is may

    left = Budget.objects.get(shop=circle.shop).remaining
    assert left == remaining - may


def test_calls_of_others_are_counted(circle: Circle) -> None:
    budget.learn(circle.shop.pk, Rate(limit=300, remaining=200, reset=40))
    budget.learn(circle.shop.pk, Rate(limit=300, remaining=7, reset=39))
    budget.learn(circle.shop.pk, Rate(limit=300, remaining=9, reset=39))  # an answer overtaken

    assert Budget.objects.get(shop=circle.shop).remaining == 7


@pytest.mark.parametrize("reset", [1, 45])
def test_an_answer_overtaken_by_a_429_does_not_end_the_wait(circle: Circle, reset: int) -> None:
    budget.learn(circle.shop.pk, Rate(limit=300, remaining=0, reset=10, wait=10))
    before = Budget.objects.get(shop=circle.shop)

    budget.learn(circle.shop.pk, Rate(limit=300, remaining=250, reset=reset))

    after = Budget.objects.get(shop=circle.shop)
    assert (after.remaining, after.reset_at) == (0, before.reset_at)
    assert not budget.reserve(circle.shop.pk, Priority.MONEY)


def test_a_new_window_brings_the_whole_limit(circle: Circle) -> None:
    budget.learn(circle.shop.pk, Rate(limit=300, remaining=0, reset=40))
    assert not budget.reserve(circle.shop.pk, Priority.MONEY)
    Budget.objects.update(reset_at=Now() - timedelta(seconds=1))

    assert budget.reserve(circle.shop.pk, Priority.MONEY)

    assert Budget.objects.get(shop=circle.shop).remaining == 299


@pytest.mark.parametrize("reset", [-5, 0, 10**9])
def test_absurd_headers_are_clamped(circle: Circle, reset: int) -> None:
    budget.learn(circle.shop.pk, Rate(limit=-3, remaining=-1, reset=reset))

    learned = Budget.objects.get(shop=circle.shop)
    assert learned.limit == 60
    assert 0 <= budget.seconds_left(learned) <= 900


def test_no_call_is_made_while_the_budget_is_spent(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    budget.learn(circle.shop.pk, Rate(limit=300, remaining=0, reset=40))

    circle.send(tries=3)

    assert circle.narvar.requests() == []
    assert Command.objects.get().tries == 0


def test_after_a_429_nothing_goes_out_until_the_window_is_over(circle: Circle) -> None:
    first, second = circle.arrive(), circle.arrive()
    circle.approve(first)
    circle.approve(second)
    circle.narvar.fail_next("get_returns", "rate_limited", reset=45)

    circle.send(tries=4)

    assert len(circle.narvar.requests()) == 1
    assert 40 < budget.seconds_until_reset(circle.shop.pk) < 48
    states = set(Command.objects.values_list("state", flat=True))
    assert states == {CommandState.QUEUED}


def test_a_shop_has_four_calls_under_way_and_no_more(circle: Circle) -> None:
    for rma in [circle.arrive() for _ in range(5)]:
        circle.approve(rma)
    Command.objects.update(next_attempt_at=Now())

    claimed = [outbox.claim() for _ in range(5)]

    assert [one is not None for one in claimed] == [True] * 4 + [False]
    circle.lease_runs_out()
    assert outbox.claim() is not None


def test_five_silences_open_the_breaker_and_three_answers_close_it(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    for _ in range(5):
        circle.narvar.fail_next("approval", "status", status=503)
    circle.send(tries=5)
    assert breaker.open_shops() == [circle.shop.pk]
    before = approvals(circle)

    circle.send(tries=3)
    assert approvals(circle) == before == 5

    for _ in range(3):
        Budget.objects.update(probe_at=Now())
        reopening.probe_due()
    assert breaker.open_shops() == []
    circle.send()
    assert approvals(circle) == 6
    assert len(circle.refunds(rma)) == 1


def test_a_probe_that_fails_doubles_the_pause(circle: Circle) -> None:
    for _ in range(5):
        breaker.note(circle.shop.pk, AttemptOutcome.UNKNOWN)
    circle.narvar.fail_next("list_locations", "status", status=500, times=4)

    pauses = []
    for _ in range(4):
        Budget.objects.update(probe_at=Now())
        reopening.probe_due()
        pauses.append(Budget.objects.get().open_seconds)

    assert pauses == [60, 120, 240, 300]
    assert approvals(circle) == 0


def test_a_kind_of_command_can_be_switched_off(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    Connection.objects.update(paused_kinds=["approval"])

    circle.send()
    assert circle.narvar.requests() == []

    Connection.objects.update(paused_kinds=[])
    circle.send()
    assert len(circle.refunds(rma)) == 1


def test_a_return_that_only_a_forged_webhook_knows_is_not_paid(circle: Circle) -> None:
    headers, body = circle.narvar.webhook(
        DOMAIN, circle.narvar.create_rma(DOMAIN, send=False)["rma_number"]
    )
    number = "FORGED0001"
    real = body.decode().split('"rma_number": "')[1].split('"')[0]
    circle.knock(headers, body.replace(real.encode(), number.encode()))
    circle.drain()
    forged = circle.rma(number)

    circle.approve(forged)
    circle.send(tries=2)

    command = Command.objects.get()
    assert command.state == CommandState.REFUSED
    assert "does not know this return" in command.problem
    assert approvals(circle) == 0


def test_a_refund_that_narvar_shows_smaller_than_the_webhook_said_is_stopped(
    circle: Circle,
) -> None:
    rma = circle.arrive(estimated_refund="20.00")
    circle.approve(rma)
    circle.narvar.patch_rma(
        DOMAIN,
        rma.rma_number,
        estimated_refund="5.00",
        errors=[{"message": "edited", "timestamp": "2030-01-01T00:00:00Z"}],
    )

    circle.send()

    command = Command.objects.get()
    assert command.state == CommandState.REFUSED
    assert "Only 5.00 USD can still be refunded, not 20.00 USD" in command.problem
    assert approvals(circle) == 0
    assert AuditEntry.objects.filter(action="money.stopped").count() == 1


def test_before_a_late_repeat_we_look_whether_it_was_done(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.narvar.fail_next("approval", "act_then_reset")
    circle.send()
    Command.objects.update(first_sent_at=F("first_sent_at") - timedelta(minutes=11))

    circle.send()

    assert Command.objects.get().state == CommandState.CONFIRMED
    assert approvals(circle) == 1
    assert len(circle.refunds(rma)) == 1


def test_after_six_hours_without_a_clear_answer_a_person_must_look(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.narvar.fail_next("approval", "status", status=500, times=2)
    circle.send()
    Command.objects.update(first_sent_at=F("first_sent_at") - timedelta(hours=7))

    circle.send()

    command = Command.objects.get()
    rma = circle.rma(rma.rma_number)
    assert (command.state, command.cause) == (CommandState.ATTENTION, "no_clear_answer")
    assert (rma.money, rma.work) == (Money.OUTCOME_UNKNOWN, Work.EXCEPTION)


def test_hours_without_a_credential_are_no_hours_of_trying(circle: Circle) -> None:
    rma = circle.arrive()
    command = circle.approve(rma)
    circle.narvar.fail_next("get_returns", "status", status=401)
    circle.send()
    Command.objects.update(first_sent_at=F("first_sent_at") - timedelta(hours=7))
    Connection.objects.update(problem="")
    circle.narvar.fail_next("approval", "status", status=503)

    circle.send()
    command.refresh_from_db()
    assert command.state == CommandState.OUTCOME_UNKNOWN

    circle.send()
    circle.refund_arrives(rma)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(circle.refunds(rma)) == 1


def test_nobody_looks_at_a_stopped_shop_and_the_others_do_not_wait_for_it(circle: Circle) -> None:
    second = connect_second(circle, "fern-and-fog.myshopify.com")
    for one in (circle, second):
        one.approve(one.arrive())
        circle.send()
    accepted_ago(minutes=1)
    Connection.objects.filter(shop=circle.shop).update(paused=True)

    looking.look_for_outcomes()

    assert Command.objects.get(shop=second.shop).state == CommandState.CONFIRMED
    assert Command.objects.get(shop=circle.shop).state == CommandState.ACCEPTED
    Connection.objects.update(paused=False)
    looking.look_for_outcomes()
    assert Command.objects.get(shop=circle.shop).state == CommandState.CONFIRMED


@pytest.mark.parametrize("minutes", [11, 61])
def test_when_nobody_could_look_it_is_not_said_that_nothing_is_seen(
    minutes: int, circle: Circle
) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.send()
    accepted_ago(minutes=minutes)
    circle.narvar.fail_next("get_returns", "status", status=503)

    looking.look_for_outcomes()

    command = Command.objects.get()
    assert "Narvar could not be asked about it" in command.problem
    assert "is seen" not in command.problem
    assert circle.rma(rma.rma_number).work == Work.EXCEPTION
    circle.tell(rma.rma_number)
    assert Command.objects.get().state == CommandState.CONFIRMED


def test_a_look_confirms_what_no_webhook_told(circle: Circle) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.send()
    accepted_ago(minutes=1)

    looking.look_for_outcomes()

    assert Command.objects.get().state == CommandState.CONFIRMED
    assert circle.rma(rma.rma_number).as_of_source == "api"


def test_accepted_and_forgotten_becomes_an_exception_and_never_a_second_call(
    circle: Circle,
) -> None:
    rma = circle.arrive()
    circle.approve(rma)
    circle.narvar.fail_next("approval", "accept_and_forget")
    circle.send()

    accepted_ago(minutes=1)
    looking.look_for_outcomes()
    assert circle.rma(rma.rma_number).work == Work.WAITING

    accepted_ago(minutes=10)
    looking.look_for_outcomes()
    assert Command.objects.get().cause == "not_confirmed"
    assert circle.rma(rma.rma_number).work == Work.EXCEPTION

    accepted_ago(minutes=60)
    looking.look_for_outcomes()
    circle.send(tries=3)
    assert Command.objects.get().state == CommandState.ATTENTION
    assert circle.rma(rma.rma_number).money == Money.ACCEPTED
    assert approvals(circle) == 1
    assert circle.refunds(rma) == []


def test_a_refund_of_another_amount_is_said_as_such(circle: Circle) -> None:
    rma = circle.arrive(estimated_refund="20.00")
    circle.approve(rma)
    circle.narvar.fail_next("approval", "refund_other_amount", amount="7.50")
    circle.send()

    accepted_ago(minutes=10)
    looking.look_for_outcomes()

    command = Command.objects.get()
    assert (command.state, command.cause) == (CommandState.ACCEPTED, "other_amount")
    assert command.problem == "Narvar shows a refund of 7.50 USD, not of 20.00 USD"
    assert circle.rma(rma.rma_number).refunded == Decimal("7.50")


@pytest.mark.parametrize("source", ["narvar_agent", "shopify_webhook"])
def test_the_same_amount_paid_by_somebody_else_confirms_nothing_and_stops_ours(
    circle: Circle, source: str
) -> None:
    rma = circle.arrive(estimated_refund="20.00")
    circle.approve(rma)
    paid = {"id": "t-1", "amount": 20.0, "currency": "USD", "source": source}
    circle.narvar.patch_rma(
        DOMAIN, rma.rma_number, transactions=[{**paid, "timestamp": 1_800_000_000}]
    )

    circle.send()

    command = Command.objects.get()
    assert command.state == CommandState.REFUSED
    assert "Nothing is left to refund" in command.problem
    assert approvals(circle) == 0
    assert circle.rma(rma.rma_number).refunded == Decimal("20.00")
