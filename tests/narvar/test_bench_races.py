"""Two people, two tabs, a person and a worker at the same moment: one of them wins, once."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connections
from django.test import Client

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging import outbox
from returns_ops.messaging.models import AttemptOutcome, Command, CommandState
from returns_ops.narvar import decisions, delivery
from returns_ops.returns.models import ReceiptLine, RefundLimit, Rma
from returns_ops.returns.plan import Rest
from returns_ops.returns.states import Decision, Receipt
from returns_ops.returns.transitions import (
    Bench,
    NeedsSecondPerson,
    Refused,
    Stale,
    TooMany,
    count_unit,
    take_back,
)
from tests.builders import (
    give_role,
    make_command,
    make_item,
    make_receipt_line,
    make_rma,
    make_shop,
    make_staff,
)
from tests.circle import Circle
from tests.narvar.boxes import arrive, bodies, decide, edited, foresee, item_of, paid

RACES = 500
LEAD = 0.006  # seconds by which one of two may come first: both orders occur


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Each in a thread with a connection of its own; what it returned, or was refused with."""
    found: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(30)
            found[place] = act()
        except Exception as error:
            found[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=given) for given in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    for one in found:
        if isinstance(one, Exception) and not isinstance(one, Refused):
            raise one
    return found


def kinds(found: Sequence[Any]) -> Counter[str]:
    return Counter(type(one).__name__ for one in found)


def colleague(circle: Circle) -> User:
    return make_staff("walter", circle.shop, Role.WAREHOUSE)


# One form, two clerks, two tabs.


def form_of(rma: Rma, token: uuid.UUID) -> dict[str, Any]:
    return {"refund": "1", "version": rma.version, "submission_token": token}


def presses(circle: Circle, rma: Rma, given: Sequence[tuple[User, uuid.UUID]]) -> list[Any]:
    """Everybody presses *Approve and refund* at the same moment."""

    def press(client: Client, token: uuid.UUID) -> tuple[int, str]:
        answer = client.post(f"{rma.get_absolute_url()}approve/", form_of(rma, token))
        return answer.status_code, answer.headers.get("Location", "")

    clients = [Client() for _ in given]
    for client, (user, _) in zip(clients, given, strict=True):
        client.force_login(user)
    return at_once(
        *(partial(press, client, token) for client, (_, token) in zip(clients, given, strict=True))
    )


def test_one_form_sent_twenty_times_is_one_decision_and_one_answer(circle: Circle) -> None:
    rma, token = circle.arrive(), uuid.uuid4()

    answers = presses(circle, rma, [(circle.wanda, token)] * 20)

    assert set(answers) == {(302, rma.get_absolute_url())}
    assert Command.objects.count() == 1
    circle.send(tries=2)
    assert len(paid(circle, rma)) == 1


def test_of_two_clerks_one_decides_and_the_other_reads_why_not(circle: Circle) -> None:
    walter = colleague(circle)
    for _ in range(5):
        rma = circle.arrive()
        answers = presses(circle, rma, [(circle.wanda, uuid.uuid4()), (walter, uuid.uuid4())])

        assert sorted(status for status, _ in answers) == [302, 409]
        circle.send(tries=2)
        assert len(paid(circle, rma)) == 1
    assert Command.objects.count() == 5


def test_one_clerk_in_two_tabs_decides_once(circle: Circle) -> None:
    for _ in range(5):
        rma = circle.arrive()
        answers = presses(circle, rma, [(circle.wanda, uuid.uuid4()) for _ in range(2)])

        assert sorted(status for status, _ in answers) == [302, 409]
    assert Command.objects.count() == 5


# Undo against send.


def held(shop: Shop, by: User) -> Command:
    """A decision that is due at this moment, and can still be undone."""
    rma = make_rma(shop)
    command = make_command(rma, by=by, ordinal=1)
    audit.record("rma.approve", rma.rma_number, shop=shop, actor=by, command=command.pk)
    make_receipt_line(rma, make_item(rma), by=by, command=command)
    return command


def undone(command: Command, by: User) -> bool:
    time.sleep(random.uniform(0, LEAD))
    try:
        decisions.undo(command.pk, by=by)
    except Refused:
        return False
    return True


class Pair:
    """A clerk and a worker, race after race over a decision of their own shop."""

    def __init__(self) -> None:
        self.shop = make_shop()
        self.clerk = make_staff(shop=self.shop, role=Role.WAREHOUSE)
        self.others: set[int] = set()
        self.gate = threading.Barrier(2, timeout=60)
        self.was_sent = False
        self.ends: Counter[Any] = Counter()

    def undo_all(self, races: int) -> None:
        try:
            for _ in range(races):
                command = held(self.shop, self.clerk)
                self.gate.wait()
                was_undone = undone(command, self.clerk)
                self.gate.wait()
                self.note(command, was_undone)
        finally:
            self.gate.abort()

    def send_all(self, races: int) -> None:
        for _ in range(races):
            self.gate.wait()
            time.sleep(random.uniform(0, LEAD))
            claimed = outbox.claim(unless=outbox.Blocked(shops=self.others))
            if claimed is not None:
                delivery.settle(*claimed, outbox.Answer(outcome=AttemptOutcome.ACCEPTED))
            self.was_sent = claimed is not None
            self.gate.wait()

    def note(self, command: Command, was_undone: bool) -> None:
        command.refresh_from_db()
        tries = (command.tries, command.attempts.count())
        bound = ReceiptLine.objects.filter(command=command).exists()
        self.ends[was_undone, self.was_sent, str(command.state), tries, bound] += 1


UNDONE = (True, False, "cancelled", (0, 0), False)
SENT = (False, True, "accepted", (1, 1), True)


def test_of_undo_and_send_exactly_one_wins_five_hundred_times(circle: Circle) -> None:
    first, second = Pair(), Pair()
    first.others, second.others = {second.shop.pk}, {first.shop.pk}

    at_once(
        *(
            partial(act, RACES // 2)
            for pair in (first, second)
            for act in (pair.undo_all, pair.send_all)
        )
    )

    ends = first.ends + second.ends
    assert set(ends) == {UNDONE, SENT}
    assert sum(ends.values()) == RACES


def test_what_was_undone_is_never_in_the_ledger_and_what_was_sent_is(circle: Circle) -> None:
    for _ in range(25):
        rma = circle.arrive()
        command = circle.approve(rma)

        was_undone, _ = at_once(partial(undone, command, circle.wanda), delivery.deliver_next)

        command.refresh_from_db()
        state = CommandState.CANCELLED if was_undone else CommandState.ACCEPTED
        assert command.state == state
        assert len(paid(circle, rma)) == (0 if was_undone else 1)


# Money.


def test_two_partial_refunds_never_pay_more_than_was_calculated(circle: Circle) -> None:
    walter, amount = colleague(circle), Decimal("30.00")
    rma = arrive(circle, ("SOCKS", 4, "15.00"))  # 53.05 after the label

    found = at_once(
        *(
            partial(decide, circle, rma, by=by, rest=Rest.AS_EXPECTED, partial_amount=amount)
            for by in (circle.wanda, walter)
        )
    )
    circle.send(tries=2)
    circle.refund_arrives(rma)
    edited(circle, rma, return_status="exception")  # open again
    circle.tell(rma.rma_number)

    assert kinds(found) in (Counter(Command=1, Stale=1), Counter(Command=1, Refused=1))
    assert "Enter 23.05 USD or less" in " ".join(
        foresee(circle, rma, rest=Rest.AS_EXPECTED, partial_amount=amount).reasons
    )
    assert paid(circle, rma) == [amount]


def test_refunds_at_once_both_count_towards_the_day(circle: Circle) -> None:
    RefundLimit.objects.filter(shop=circle.shop, currency="USD").update(each="50", day="100")
    for after in range(3):
        rmas = [arrive(circle, ("SOCKS", 1, "46.95")) for _ in range(4)]  # 40.00 each
        found = at_once(*(partial(decide, circle, rma, rest=Rest.AS_EXPECTED) for rma in rmas))

        wanted = Counter(NeedsSecondPerson=4) if after else Counter(Command=2, NeedsSecondPerson=2)
        assert kinds(found) == wanted
        assert all("Ask for approval" in str(x) for x in found if isinstance(x, NeedsSecondPerson))
    assert Command.objects.count() == 2


def test_refunds_of_two_people_at_once_both_count_towards_their_shop(circle: Circle) -> None:
    everybody = {"role": RefundLimit.EVERYBODY, "currency": "USD"}
    RefundLimit.objects.create(shop=circle.shop, **everybody, each="50", day="60")
    walter = colleague(circle)
    people = (circle.wanda, walter, circle.wanda, walter)
    rmas = [arrive(circle, ("SOCKS", 1, "46.95")) for _ in people]  # 40.00 each

    found = at_once(
        *(
            partial(decide, circle, rma, by=by, rest=Rest.AS_EXPECTED)
            for rma, by in zip(rmas, people, strict=True)
        )
    )

    assert kinds(found) == Counter(Command=1, NeedsSecondPerson=3)
    assert Command.objects.count() == 1


# Units.


def test_scanners_at_one_box_lose_no_unit_and_count_none_twice(circle: Circle) -> None:
    benches = [Bench(circle.wanda, "Bench 1"), Bench(colleague(circle), "Bench 2")]
    rma = arrive(circle, ("SOCKS", 6, "10.00"))
    item = item_of(rma)

    scans = [partial(count_unit, rma.pk, item.pk, bench=bench) for bench in benches * 2]

    few, many = at_once(*scans), at_once(*scans)

    assert kinds(few) == Counter(ReceiptLine=4)
    assert kinds(many) == Counter(ReceiptLine=2, TooMany=2)
    assert [line.quantity for line in rma.receipt_lines.all()] == [6]
    assert circle.rma(rma.rma_number).receipt == Receipt.RECEIVED
    assert rma.arrivals.count() == 1
    assert rma.history.filter(verb="receive").count() == 6


def test_counting_and_taking_back_at_once_add_up(circle: Circle) -> None:
    bench = Bench(circle.wanda)
    rma = arrive(circle, ("SOCKS", 9, "10.00"))
    item = item_of(rma)
    lines = [
        count_unit(rma.pk, item.pk, bench=bench, decision=decision)
        for decision in (Decision.APPROVED, Decision.REJECTED)
    ]

    found = at_once(
        *[partial(count_unit, rma.pk, item.pk, bench=bench)] * 3,
        *(partial(take_back, rma.pk, line.pk, bench=bench) for line in lines),
    )

    counted = [one for one in found[:3] if not isinstance(one, Refused)]
    taken = [one for one in found[3:] if not isinstance(one, Refused)]
    here = 2 + len(counted) - len(taken)
    assert (len(counted), len(taken)) == (3, 2)
    assert sum(line.quantity for line in rma.receipt_lines.all()) == here
    assert circle.rma(rma.rma_number).left_to_decide == 9 - here


def test_a_unit_that_is_scanned_while_the_rest_is_called_missing_is_one_or_the_other(
    circle: Circle,
) -> None:
    walter = colleague(circle)
    for _ in range(5):
        rma = arrive(circle, ("SOCKS", 2, "10.00"))
        scan = partial(count_unit, rma.pk, item_of(rma).pk)
        scan(bench=Bench(circle.wanda))
        approve = partial(
            decisions.approve,
            rma.pk,
            by=circle.wanda,
            refund=True,
            version=rma.version + 1,
            submission_token=uuid.uuid4(),
            rest=Rest.MISSING,
        )

        decided, counted = at_once(approve, partial(scan, bench=Bench(walter)))

        assert (type(decided), type(counted)) in [(Command, TooMany), (Stale, ReceiptLine)]
        assert sum(line.quantity for line in rma.receipt_lines.all()) == 2


def test_the_last_role_taken_away_at_the_same_moment_is_judged_before_it_is_sent(
    circle: Circle,
) -> None:
    """Whoever loses the right before the call has not decided."""
    walter = make_staff("walter")
    role = give_role(walter, circle.shop, Role.WAREHOUSE)
    rma = circle.arrive()

    found = at_once(partial(circle.approve, rma, by=walter), role.delete)
    circle.send(tries=2)

    assert bodies(circle) == []
    if isinstance(found[0], Command):
        assert Command.objects.get().state == CommandState.REFUSED
