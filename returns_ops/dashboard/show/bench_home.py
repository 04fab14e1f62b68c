"""What a bench shows between two boxes: what this person did today, and what waits."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.formats import Clock, money
from returns_ops.dashboard.show.tracker import command_badge
from returns_ops.messaging.models import Command, CommandState
from returns_ops.returns.limits import midnight
from returns_ops.returns.states import Work

SHOWN = 8


class Recent(NamedTuple):
    number: str
    url: str
    amount: str
    state: SafeString
    at: SafeString | str


class BenchHome(NamedTuple):
    decided: int
    held: int
    failed: int
    recent: list[Recent]
    waiting: list[tuple[str, str, int]]  # work, its name, how many


def home_of(access: Access, now: datetime) -> BenchHome:
    shops = access.shops_with(Permission.RECEIVE)
    mine = Command.objects.filter(requested_by=access.user, kind="approval", shop__in=shops)
    since = min((midnight(shop, now) for shop in shops), default=now)
    today = mine.filter(created_at__gte=since).exclude(state=CommandState.CANCELLED)
    failing = Q(state__in=[CommandState.REFUSED, CommandState.ATTENTION])
    held = Q(state__in=[CommandState.QUEUED, CommandState.NEEDS_APPROVAL], tries=0)
    sums = today.aggregate(
        all=Count("pk"), held=Count("pk", filter=held), failed=Count("pk", filter=failing)
    )
    newest = mine.defer("body").select_related("shop").order_by("-id")[:SHOWN]
    counted = access.work_counts
    return BenchHome(
        decided=sums["all"],
        held=sums["held"],
        failed=sums["failed"],
        recent=[_recent(command, Clock(now, command.shop.timezone)) for command in newest],
        waiting=[
            (work.value, str(work.label), counted.get(work, 0))
            for work in (Work.TO_RECEIVE, Work.TO_INSPECT, Work.TO_DECIDE)
        ],
    )


def _recent(command: Command, clock: Clock) -> Recent:
    return Recent(
        number=command.subject,
        url=reverse("rma", args=[command.shop.domain, command.subject]),
        amount=money(command.amount, command.currency) if command.moves_money else "No refund",
        state=command_badge(command, clock),
        at=clock.ago(command.created_at),
    )
