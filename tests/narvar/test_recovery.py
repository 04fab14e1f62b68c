"""After a restore from a backup: what Narvar did meanwhile is read, and nothing goes out."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from returns_ops.accounts.models import AuditEntry
from returns_ops.messaging.models import Command, CommandState
from returns_ops.narvar import controls, reconciliation
from returns_ops.narvar.models import Connection, Outage
from returns_ops.returns.models import Rma
from tests.circle import DOMAIN, Circle


def recover(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    given = options or (f"--since={timezone.now() - timedelta(hours=1):%Y-%m-%dT%H:%MZ}",)
    call_command("recover", *given)
    return capsys.readouterr().out


def test_returns_that_we_never_heard_of_are_read_and_nothing_goes_out(
    circle: Circle, capsys: pytest.CaptureFixture[str]
) -> None:
    circle.narvar.change_settings(time_filter_alone=True)
    rma = circle.arrive()
    circle.approve(rma)
    lost = circle.narvar.create_rma(DOMAIN, send=False)["rma_number"]

    told = recover(capsys)

    assert f"{DOMAIN}: 2 returns changed since then and were read." in told
    assert Rma.objects.filter(rma_number=lost).exists()
    circle.send(tries=2)
    assert Command.objects.get().state == CommandState.QUEUED
    assert circle.narvar.requests(operation="approval") == []
    reasons = AuditEntry.objects.filter(action="calls.paused").values_list(
        "data__reason", flat=True
    )
    assert set(reasons) == {"Restored from a backup"}

    assert "go out again" in recover(capsys, "--resume")
    circle.send()
    assert len(circle.refunds(rma)) == 1


def test_what_somebody_paused_before_stays_paused(
    circle: Circle, capsys: pytest.CaptureFixture[str]
) -> None:
    circle.narvar.change_settings(time_filter_alone=True)
    controls.pause(circle.shop, by=circle.wanda, kind="approval", reason="We look into it")

    recover(capsys)
    recover(capsys, "--resume")

    assert Connection.objects.get().paused_kinds == ["approval"]


@pytest.mark.provokes_objections
def test_an_account_that_may_not_list_by_time_has_its_open_returns_read_one_by_one(
    circle: Circle, capsys: pytest.CaptureFixture[str]
) -> None:
    rma = circle.arrive()
    circle.narvar.patch_rma(DOMAIN, rma.rma_number, estimated_refund="20.00")

    told = recover(capsys)

    assert f"{DOMAIN}: Not read: Narvar said 422" in told
    assert Outage.objects.count() == 1
    assert reconciliation.reread_open() == 1
    assert circle.rma(rma.rma_number).estimated_refund == Decimal("20.00")


def test_a_time_that_is_none_changes_nothing(circle: Circle) -> None:
    with pytest.raises(CommandError, match="yesterday is not a time"):
        call_command("recover", "--since=yesterday")

    assert not AuditEntry.objects.filter(action="calls.paused").exists()
    assert not Outage.objects.exists()
