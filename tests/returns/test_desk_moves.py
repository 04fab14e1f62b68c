"""What people of the desk do with a case, and what the second one sees of it."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.returns import presence, transitions
from returns_ops.returns.masking import masked_email
from returns_ops.returns.models import Case, CaseEvent, Notice
from returns_ops.returns.notices import notices, unread
from returns_ops.returns.playbooks import DEFAULTS, history_of, playbook_of
from returns_ops.returns.states import CaseState, Cause
from tests.builders import make_case, make_rma, make_shop, make_staff


@pytest.fixture
def anton(shop: Shop) -> User:
    return make_staff("anton", shop, Role.AGENT)


@pytest.fixture
def berta(shop: Shop) -> User:
    return make_staff("berta", shop, Role.AGENT, first_name="Berta", last_name="B.")


@pytest.fixture
def case(shop: Shop) -> Case:
    return make_case(make_rma(shop))


def told(case: Case) -> list[str]:
    return list(case.history.order_by("id").values_list("verb", flat=True))


def test_assigned_claimed_and_taken_over(case: Case, anton: User, berta: User) -> None:
    transitions.assign(case.pk, berta, by=anton)
    with pytest.raises(transitions.Refused, match=r"Berta B\. has it already"):
        transitions.claim(case.pk, by=anton)

    assert transitions.take_case_over(case.pk, by=anton) == berta

    case.refresh_from_db()
    assert case.owner == anton
    assert told(case) == ["assigned", "taken"]
    assert [one.kind for one in notices(berta)] == [Notice.Kind.WATCHED, Notice.Kind.ASSIGNED]
    assert unread(berta) == 2
    assert transitions.mark_read(berta) == 2
    assert notices(anton) == []  # nobody is told of what they did


def test_only_the_desk_of_the_shop_may_touch_a_case(
    case: Case, anton: User, wanda: User, shop: Shop
) -> None:
    stranger = make_staff("stranger", make_shop(), Role.AGENT)
    moves: list[Callable[[User], object]] = [
        lambda by: transitions.claim(case.pk, by=by),
        lambda by: transitions.note(case.pk, "hello", by=by),
        lambda by: transitions.watch(case.pk, by=by),
        lambda by: transitions.resolve(case.pk, by=by, because="x", version=case.version),
        lambda by: transitions.snooze(case.pk, by=by, until_change=True),
    ]
    for person in (stranger, wanda):
        for move in moves:
            with pytest.raises(transitions.Refused, match="may not resolve"):
                move(person)
        with pytest.raises(transitions.Refused):
            transitions.assign(case.pk, person, by=anton)

    before = case.version
    case.refresh_from_db()
    assert (case.version, case.owner, told(case)) == (before, None, [])


def test_snoozed_until_a_time(case: Case, anton: User) -> None:
    until = timezone.now() + timedelta(hours=2)
    transitions.snooze(case.pk, by=anton, until=until, why="stock on Friday")

    assert transitions.wake_sleepers() == 0
    assert transitions.wake_sleepers(until) == 1
    case.refresh_from_db()
    assert case.state == CaseState.OPEN
    assert told(case) == ["snoozed", "woke"]


@pytest.mark.parametrize("hours", [-1, 24 * 91])
def test_a_time_that_cannot_be_is_refused(case: Case, anton: User, hours: int) -> None:
    with pytest.raises(transitions.Refused, match="within the next"):
        transitions.snooze(case.pk, by=anton, until=timezone.now() + timedelta(hours=hours))
    with pytest.raises(transitions.Refused, match="until when"):
        transitions.snooze(case.pk, by=anton)


def test_snoozed_until_a_colleague_writes(case: Case, anton: User, berta: User) -> None:
    transitions.snooze(case.pk, by=anton, until_change=True)

    transitions.note(case.pk, "The stock came, @Anton!", by=berta)

    case.refresh_from_db()
    assert case.state == CaseState.OPEN
    assert Notice.Kind.MENTIONED in {one.kind for one in notices(anton)}


def test_resolved_and_opened_again_by_hand(case: Case, anton: User, berta: User) -> None:
    transitions.watch(case.pk, by=berta)
    with pytest.raises(transitions.Refused, match="Say how"):
        transitions.resolve(case.pk, by=anton, because="  ", version=case.version)

    transitions.resolve(case.pk, by=anton, because="Paid in Shopify", version=case.version)
    case.refresh_from_db()
    assert (case.state, case.closed_by) == (CaseState.RESOLVED, anton)
    assert [one.text for one in notices(berta)] == [f"anton resolved {case}"]

    transitions.reopen(case.pk, by=berta, because="not seen")
    case.refresh_from_db()
    assert (case.state, case.times_opened, case.closed_by) == (CaseState.OPEN, 2, None)

    Case.objects.filter(pk=case.pk).update(
        state=CaseState.RESOLVED, present=False, closed_at=timezone.now()
    )
    with pytest.raises(transitions.Refused, match="is over"):
        transitions.reopen(case.pk, by=berta)


def test_a_late_resolve_is_refused_and_changes_nothing(
    case: Case, anton: User, berta: User
) -> None:
    seen = case.version
    transitions.claim(case.pk, by=berta)

    with pytest.raises(transitions.Stale):
        transitions.resolve(case.pk, by=anton, because="Done", version=seen)

    case.refresh_from_db()
    assert (case.state, case.owner) == (CaseState.OPEN, berta)


def test_a_late_save_keeps_both_texts(case: Case, anton: User, berta: User) -> None:
    seen = case.version
    transitions.save_findings(case.pk, "The zipper is broken", by=berta, version=seen)

    with pytest.raises(transitions.Diverged) as late:
        transitions.save_findings(case.pk, "The label is torn", by=anton, version=seen)
    assert (late.value.theirs, late.value.yours) == ("The zipper is broken", "The label is torn")

    both = f"{late.value.theirs}\n{late.value.yours}"
    transitions.save_findings(case.pk, both, by=anton, version=late.value.version)
    case.refresh_from_db()
    assert case.findings == both


def test_what_else_happened_to_a_case_does_not_make_its_text_late(
    case: Case, anton: User, berta: User
) -> None:
    seen = case.version
    transitions.claim(case.pk, by=berta)

    transitions.save_findings(case.pk, "The label is torn", by=anton, version=seen)

    case.refresh_from_db()
    assert case.findings == "The label is torn"


def test_work_next_gives_the_most_urgent_that_nobody_has(
    shop: Shop, anton: User, berta: User
) -> None:
    now = timezone.now()
    first, second, third, fourth, fifth = (
        make_case(make_rma(shop), rank_at=now + timedelta(hours=n)) for n in range(5)
    )
    transitions.assign(first.pk, berta, by=anton)
    assert second.rma is not None
    presence.be_here(second.rma, berta, editing=False)
    transitions.snooze(third.pk, by=anton, until_change=True)

    assert transitions.work_next([shop], by=anton) == fourth
    assert transitions.work_next([shop], by=anton) == fourth  # still the same person's
    assert transitions.work_next([shop], by=berta) == first  # their own

    with pytest.raises(transitions.Refused, match="Say why"):
        transitions.skip(fourth.pk, by=anton, why="")
    transitions.skip(fourth.pk, by=anton, why="I do not speak French")
    assert transitions.work_next([shop], by=anton) == fifth
    assert CaseEvent.objects.get(verb="skipped").data["why"] == "I do not speak French"

    transitions.let_go(fifth.pk, by=anton)
    fifth.refresh_from_db()
    assert fifth.held_by is None


def test_work_next_stays_within_the_shops_of_the_person(anton: User) -> None:
    other = make_shop()
    make_case(make_rma(other))

    assert transitions.work_next([other], by=anton) is None


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_at_once_are_never_given_the_same_case() -> None:
    shop = make_shop()
    cases = [make_case(make_rma(shop)) for _ in range(8)]
    people = [make_staff(shop=shop, role=Role.AGENT) for _ in range(6)]
    given = at_once([partial(transitions.work_next, [shop], by=one) for one in people])

    assert all(isinstance(one, Case) for one in given)
    assert len(set(given)) == len(people)
    assert set(given) <= set(cases)


@pytest.mark.django_db(transaction=True)
def test_two_who_claim_at_once_one_has_it() -> None:
    shop = make_shop()
    case = make_case(make_rma(shop))
    people = [make_staff(shop=shop, role=Role.AGENT) for _ in range(4)]

    given = at_once([partial(transitions.claim, case.pk, by=one) for one in people])

    refused = [one for one in given if isinstance(one, transitions.Refused)]
    case.refresh_from_db()
    assert len(refused) == len(people) - 1
    assert case.owner in people
    assert told(case) == ["assigned"]


def at_once(calls: list[Callable[[], object]]) -> list[object]:
    """Each in a thread and a connection of its own; what it returned or raised."""
    found: list[object] = [None] * len(calls)
    ready = threading.Barrier(len(calls))

    def run(place: int) -> None:
        ready.wait()
        try:
            found[place] = calls[place]()
        except Exception as error:
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_an_owner_is_told_once_that_a_case_will_be_late(shop: Shop, anton: User) -> None:
    soon = timezone.now() + timedelta(minutes=30)
    make_case(make_rma(shop), owner=anton, due_at=soon)
    make_case(make_rma(shop), due_at=soon)

    assert transitions.warn_of_lateness() == 1
    assert transitions.warn_of_lateness() == 0
    assert [one.kind for one in notices(anton)] == [Notice.Kind.LATE]


def test_a_masked_address_is_revealed_by_right_and_written_down(
    shop: Shop, anton: User, wanda: User
) -> None:
    rma = make_rma(shop, email="ana.jones@example.com")
    assert masked_email(rma.email) == "a•••@e•••.com"
    assert masked_email("nonsense") == "n•••"
    assert masked_email("") == ""

    with pytest.raises(transitions.Refused):
        transitions.reveal_email(rma.pk, by=wanda)
    assert not AuditEntry.objects.filter(action="rma.email_revealed").exists()

    assert transitions.reveal_email(rma.pk, by=anton) == "ana.jones@example.com"
    assert AuditEntry.objects.get(action="rma.email_revealed").subject == rma.rma_number


def test_playbooks_have_defaults_edits_and_keep_both_texts(
    shop: Shop, anton: User, berta: User
) -> None:
    assert set(DEFAULTS) == set(Cause.values)
    assert "#SKU" in playbook_of(shop, Cause.SHOPIFY_REFUND).text

    transitions.edit_playbook(shop, Cause.REFUSED, "Call support", by=anton, number=0)
    with pytest.raises(transitions.PlaybookDiverged) as late:
        transitions.edit_playbook(shop, Cause.REFUSED, "Wait", by=berta, number=0)
    assert (late.value.theirs, late.value.yours) == ("Call support", "Wait")
    transitions.edit_playbook(shop, Cause.REFUSED, "Wait, then call", by=berta, number=1)
    transitions.edit_playbook(
        shop, Cause.REFUSED, "Unlock it", by=berta, number=0, fingerprint="ab"
    )

    found = playbook_of(shop, Cause.REFUSED, "cd")
    assert (found.text, found.number, found.by, found.of_group) == (
        "Wait, then call",
        2,
        berta,
        False,
    )
    assert playbook_of(shop, Cause.REFUSED, "ab").text == "Unlock it"
    assert [one.text for one in history_of(shop, Cause.REFUSED)] == [
        "Wait, then call",
        "Call support",
    ]
    transitions.edit_playbook(shop, Cause.REFUSED, "", by=anton, number=2)
    assert playbook_of(shop, Cause.REFUSED).is_default
