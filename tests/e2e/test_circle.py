"""The whole circle, for real: PostgreSQL, Redis, Celery, the simulator and a browser."""

import pytest
from django.db.models import F
from playwright.sync_api import Browser, Page, expect

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.invariants import broken
from returns_ops.returns.models import Rma
from tests.e2e.conftest import DOMAIN, log_in, wait_for
from tests.e2e.stack import Stack
from tests.narvar_simulator import Simulator

pytestmark = pytest.mark.e2e


def test_a_return_arrives_is_approved_and_the_refund_is_confirmed(
    stack: Stack, connected: Shop, narvar: Simulator, page: Page
) -> None:
    rma = narvar.create_rma(DOMAIN, status="delivered_to_retailer")
    log_in(page, stack, "warehouse")
    wait_for(Rma.objects.exists, "the webhook to be applied")
    page.goto(f"{stack.url}/rmas/?tab=to_decide")
    page.get_by_role("link", name=rma["rma_number"]).click()

    page.get_by_role("button", name="Approve and refund").click()

    expect(page.locator("#tracker .headline")).to_contain_text("Confirmed", timeout=20_000)
    command = Command.objects.get()
    assert command.state == CommandState.CONFIRMED
    assert [row.amount for row in narvar.ledger(source="api")] == [f"{command.amount:.2f}"]
    assert broken() == []


def test_a_worker_killed_while_it_sends_leaves_one_refund(
    stack: Stack, connected: Shop, narvar: Simulator, page: Page
) -> None:
    rma = narvar.create_rma(DOMAIN, status="delivered_to_retailer")
    narvar.fail_next("approval", "act_then_hang", seconds=30)
    open_rma(page, stack, rma["rma_number"])
    narvar.change_settings(webhooks_on=False)  # or its news would confirm before we ask again
    page.get_by_role("button", name="Approve and refund").click()
    wait_for(lambda: bool(narvar.requests(operation="approval")), "the call")

    stack.kill("worker")
    Command.objects.update(lease_until=F("created_at"))  # a minute passes
    stack.start_worker("second")
    wait_for(lambda: len(narvar.requests(operation="approval")) == 2, "the second call")
    narvar.change_settings(webhooks_on=True)
    narvar.send(DOMAIN, rma["rma_number"])

    expect(page.locator("#tracker .headline")).to_contain_text("Confirmed", timeout=30_000)
    command = Command.objects.get()
    assert command.tries == 2
    assert len(narvar.ledger(source="api")) == 1
    assert len({request.body for request in narvar.requests(operation="approval")}) == 1
    assert broken() == []


def test_a_decision_that_is_held_can_be_undone(
    stack: Stack, connected: Shop, narvar: Simulator, page: Page
) -> None:
    Shop.objects.update(hold_seconds=60)
    rma = narvar.create_rma(DOMAIN, status="delivered_to_retailer")
    open_rma(page, stack, rma["rma_number"])
    page.get_by_role("button", name="Approve and refund").click()
    expect(page.locator("#tracker .headline")).to_contain_text("Held")

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("button", name="Approve and refund")).to_be_enabled()
    assert Command.objects.get().state == CommandState.CANCELLED
    assert narvar.requests(operation="approval") == []
    assert broken() == []


def test_a_refusal_shows_narvars_words(
    stack: Stack, connected: Shop, narvar: Simulator, page: Page
) -> None:
    rma = narvar.create_rma(DOMAIN, status="delivered_to_retailer")
    narvar.fail_next("approval", "status", status=422, text="This return is locked")
    open_rma(page, stack, rma["rma_number"])

    page.get_by_role("button", name="Approve and refund").click()

    expect(page.locator("#tracker .headline")).to_contain_text("Refused", timeout=20_000)
    expect(page.locator("#tracker")).to_contain_text("This return is locked")
    assert narvar.ledger(source="api") == []


def test_without_javascript_the_same_buttons_work(
    stack: Stack, connected: Shop, narvar: Simulator, browser: Browser
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    rma = narvar.create_rma(DOMAIN, status="delivered_to_retailer")
    open_rma(page, stack, rma["rma_number"])

    page.get_by_role("button", name="Approve without refund").click()

    wait_for(lambda: Command.objects.get().state == CommandState.CONFIRMED, "the confirmation")
    page.reload()
    expect(page.locator("#tracker .headline")).to_contain_text("Confirmed")
    assert narvar.ledger(source="api") == []
    page.context.close()


def open_rma(page: Page, stack: Stack, rma_number: str) -> None:
    log_in(page, stack, "warehouse")
    wait_for(Rma.objects.exists, "the webhook to be applied")
    page.goto(f"{stack.url}/rmas/{DOMAIN}/{rma_number}/")
