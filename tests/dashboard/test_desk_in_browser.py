"""The exceptions desk in a real browser: how many keys a job takes, two agents, every screen."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import Command
from returns_ops.narvar import bulk, macros
from returns_ops.returns import presence
from returns_ops.returns.models import (
    BulkJob,
    BulkRow,
    Case,
    CaseEvent,
    Notice,
    SavedView,
)
from returns_ops.returns.states import CaseState, Cause
from tests.builders import (
    lift_limits,
    make_parcel,
    make_rma,
    make_staff,
    make_token,
    make_transaction,
)
from tests.builders import make_case as make_parcel_case
from tests.dashboard.desk_cases import make_case
from tests.dashboard.looks import open_all, wrong
from tests.dashboard.screen import sit, without_complaint

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]
CALLS = 200
STALE = 3


@pytest.fixture
def sam(shop: Shop) -> User:
    return make_staff("sam", shop, first_name="Sam", email="sam@example.com")


@pytest.fixture
def desk(
    live_server: LiveServer, ana: User, shop: Shop, page: Page, settings: LazySettings
) -> Iterator[Page]:
    """Ana at the desk; whatever the console complains of fails the test."""
    settings.HOLD_SECONDS = 600
    lift_limits(shop)
    with without_complaint(page):
        sit(page, ana, live_server.url, "/exceptions/")
        yield page


def test_two_keys_settle_a_case_and_open_the_next(desk: Page, shop: Shop) -> None:
    """Job 9: `e` goes to the likely way, Enter takes it."""
    now = timezone.now()
    numbers = [f"RM-{number}" for number in range(3)]
    for place, number in enumerate(numbers):
        make_case(shop, number, rank_at=now + timedelta(hours=place))
    desk.keyboard.press("n")
    keys = 0

    for number in numbers:
        expect(desk.get_by_role("heading", level=1)).to_contain_text(number)
        desk.wait_for_load_state()
        for key in ("e", "Enter"):
            desk.keyboard.press(key)
            keys += 1

    expect(desk.get_by_role("heading", level=1)).to_contain_text("Nothing left")
    assert keys == 2 * len(numbers)
    told = Command.objects.order_by("id").values_list("subject", "moves_money")
    assert list(told) == [(number, True) for number in numbers]
    assert set(Case.objects.values_list("state", flat=True)) == {CaseState.RESOLVED}


def test_an_order_is_found_with_two_keys_and_rows_are_walked(desk: Page, shop: Shop) -> None:
    """Job 10, from within the desk."""
    wanted, other = make_case(shop, "WANTED"), make_case(shop, "OTHER")
    assert wanted.rma is not None
    assert other.rma is not None
    make_token(wanted.rma, wanted.rma.order_number, "order")
    desk.reload()

    desk.keyboard.press("/")
    desk.keyboard.insert_text(wanted.rma.order_number)
    desk.keyboard.press("Enter")

    rows = desk.locator("[data-row]")
    expect(rows).to_have_count(1)
    expect(rows).to_have_text("WANTED")
    desk.wait_for_load_state()
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    expect(desk.locator("#bulk-count")).to_have_text("With the 1 selected:")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("WANTED")
    desk.wait_for_load_state()  # the page hears keys once its script has run
    desk.keyboard.press("z")
    expect(desk.get_by_role("button", name="Until something changes")).to_be_focused()
    desk.keyboard.press("Escape")
    desk.keyboard.press("?")
    expect(desk.locator("#keys")).to_contain_text("Skip this case, and say why")


def test_four_clicks_do_it_for_all_and_three_that_became_stale_are_refused(
    desk: Page, ana: User, shop: Shop
) -> None:
    """Job 11: the view, all of it, what to do, yes."""
    cases = [make_case(shop, cause=Cause.BY_HAND) for _ in range(CALLS)]

    desk.get_by_role("link", name="Unassigned").click()
    desk.get_by_label("Select all 200 that match, on all pages").check()
    desk.get_by_role("button", name="Resolve exception…").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("for 200 cases")
    desk.get_by_role("button", name="Resolve exception: 200 cases").click()
    expect(desk.locator("#progress")).to_contain_text("0 of 200")

    for case in cases[:STALE]:
        Case.objects.filter(pk=case.pk).update(version=case.version + 1)
    while bulk.run_slice():
        pass
    desk.evaluate("document.body.dispatchEvent(new CustomEvent('tick:fast'))")

    expect(desk.locator("#progress")).to_contain_text("197 done")
    expect(desk.locator("#progress")).to_contain_text("3 refused")
    desk.get_by_role("link", name="Show the results").click()
    desk.get_by_role("link", name="Refused 3").click()
    expect(desk.locator("tbody tr")).to_have_count(STALE)
    expect(desk.locator("tbody tr").first).to_contain_text("changed while you looked at it")
    assert BulkRow.objects.filter(job=BulkJob.objects.get(), state="done").count() == CALLS - STALE


def test_two_agents_see_each_other_and_lose_nothing(
    desk: Page, live_server: LiveServer, sam: User, shop: Shop
) -> None:
    case = make_case(shop, "RM-1")
    assert case.rma is not None
    sams = Client()
    sams.force_login(sam)
    sams.post(f"{case.rma.get_absolute_url()}presence/", {"editing": "1"})
    desk.reload()
    expect(desk.locator("tbody tr")).to_contain_text("Sam is writing")

    desk.get_by_role("link", name="RM-1").click()
    expect(desk.locator("#presence")).to_contain_text("Sam is writing")
    desk.get_by_label("What was found out so far").fill("Ana called the customer")
    said = {"findings": "Sam called the shop", "version": str(case.version)}
    sams.post(f"/exceptions/{case.pk}/findings/", said)
    desk.locator("#findings").get_by_role("button", name="Save").click()

    expect(desk.locator("#findings .merge")).to_contain_text("Sam called the shop")
    mine = desk.get_by_label("What was found out so far")
    expect(mine).to_have_value("Ana called the customer")
    mine.fill("Both called")
    desk.locator("#findings").get_by_role("button", name="Save").click()
    expect(desk.get_by_label("What was found out so far")).to_have_value("Both called")


def test_without_javascript_a_case_is_found_settled_and_followed(
    live_server: LiveServer, ana: User, shop: Shop, browser: Browser
) -> None:
    lift_limits(shop)
    make_case(shop, "RM-1")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sit(page, ana, live_server.url, "/exceptions/")

    page.get_by_role("link", name="RM-1").click()
    page.get_by_text("Snooze…").click()
    page.get_by_role("button", name="Until something changes").click()
    expect(page.locator(".toast")).to_contain_text("Snoozed")
    page.goto(f"{live_server.url}/exceptions/?tab=snoozed")
    page.get_by_label("Select RM-1").check()
    page.get_by_role("button", name="Resolve exception…").click()
    page.get_by_role("button", name="Resolve exception: 1 case").click()

    expect(page.locator("#progress")).to_contain_text("0 of 1")
    context.close()


def furnish(ana: User, sam: User, shop: Shop) -> list[str]:
    """A desk with some of everything, and the addresses of its screens."""
    now = timezone.now()
    full = make_case(shop, "FULL", due_at=now - timedelta(hours=1), times_opened=2)
    rma = full.rma
    assert rma is not None
    until = (now + timedelta(hours=5)).isoformat()
    rma.policy = [{"name": "refund", "fires_at": "approved", "until": until}]
    rma.versions = [{"at": now.isoformat(), "edited_by": "jo", "changes": {"size": ["M", "L"]}}]
    rma.fees = [{"description": "Label", "amount": "5.99", "currency": "USD"}]
    rma.deadline_at = now + timedelta(hours=5)
    rma.save()
    make_transaction(rma, "5", source="shopify_webhook")
    make_token(rma, rma.email.upper(), "email")
    make_token(make_rma(shop, "OLD", email=rma.email), rma.email.upper(), "email")
    told = {"case": full, "shop": shop, "cause": full.cause, "actor": ana}
    CaseEvent.objects.create(verb="noted", text="Called, @sam", **told)
    macros.save(shop, "Known", [{"do": "resolve", "text": "Known"}], by=ana)
    macros.save(shop, "Pay", [{"do": "assign_me"}, {"do": "refund"}, {"do": "retry"}], by=ana)
    box = make_parcel(shop, by=sam, items={"X-1": 1})
    presence.be_here(box, sam, editing=True)
    lost = make_parcel_case(box, cause=Cause.MYSTERY_PARCEL)
    asleep = make_case(shop, state=CaseState.SNOOZED, snoozed_until=now + timedelta(days=1))
    done = make_case(shop, state=CaseState.RESOLVED, closed_at=now, closed_because="Paid")
    make_case(shop, owner=sam, cause=Cause.REFUSED, group="bad key")
    Notice.objects.create(user=ana, case=full, kind="mentioned", text="Look", by=sam, key="1")
    SavedView.objects.create(owner=sam, shop=shop, name="Stock", query="cause=out_of_stock")
    SavedView.objects.create(owner=ana, name="Mine, late", query="tab=late")
    job = bulk.start_bulk(
        bulk.Order(
            shop=shop,
            code="resolve",
            by=ana,
            cases=[asleep],
            submission_token=uuid.uuid4(),
            arguments={"because": "Known"},
        )
    )
    return [
        "/exceptions/",
        f"/exceptions/{full.pk}/",
        "/exceptions/?tab=causes",
        "/exceptions/?tab=clocks",
        "/exceptions/?tab=mine&q=none",
        f"/exceptions/{asleep.pk}/",
        f"/exceptions/{done.pk}/",
        f"/exceptions/{lost.pk}/",
        "/exceptions/next/",
        f"/exceptions/jobs/{job.pk}/",
        "/exceptions/jobs/",
        "/exceptions/macros/",
        f"/exceptions/playbooks/{Cause.EXCEPTION.value}/",
        "/notices/",
        "/preferences/",
    ]


def test_every_screen_is_accessible_and_fits(
    desk: Page, live_server: LiveServer, ana: User, sam: User, shop: Shop
) -> None:
    """In every size and colour, with whatever is folded away; then the way to a job for many."""
    found = {}
    for screen in furnish(ana, sam, shop):
        desk.goto(live_server.url + screen)
        open_all(desk)
        found[screen] = wrong(desk)
    for action in ("Assign…", "Resolve exception…"):
        desk.goto(f"{live_server.url}/exceptions/?tab=unassigned")
        desk.get_by_label("that match, on all pages").check()
        found[f"chosen: {action}"] = wrong(desk)
        desk.get_by_role("button", name=action).click()
        expect(desk.get_by_role("heading", name="What will become of each")).to_be_visible()
        found[action] = wrong(desk)

    assert {screen: faults for screen, faults in found.items() if faults} == {}
