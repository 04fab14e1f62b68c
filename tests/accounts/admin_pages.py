"""The admin as a person uses it: its pages, its forms, and one record of every kind."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import AuditEntry, Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging import heartbeats
from returns_ops.messaging.models import Command, Event, Heartbeat
from returns_ops.narvar.connections import issue_webhook_credential
from returns_ops.returns.models import (
    Barcode,
    BenchRules,
    DecisionReason,
    DeskRules,
    Grade,
    RefundLimit,
    ReturnLocation,
    Rma,
)
from tests.builders import (
    make_attempt,
    make_command,
    make_event,
    make_item,
    make_package,
    make_rma,
    make_rma_event,
    make_staff,
    make_token,
    make_transaction,
)

RECORDS: list[type[Model]] = [Rma, Event, Command, AuditEntry, Heartbeat]
RULES: list[type[Model]] = [BenchRules, DeskRules, Grade, DecisionReason, RefundLimit]
AXES: list[type[Model]] = [AccessAttempt, AccessLog, AccessFailureLog]
MODELS: list[type[Model]] = sorted(admin.site._registry, key=lambda model: model._meta.label)


@dataclass(frozen=True)
class Cast:
    """One record of every kind that the admin shows, at one shop."""

    shop: Shop
    person: User
    webhook_password: str
    one: dict[type[Model], Model] = field(default_factory=dict)


def make_cast(shop: Shop) -> Cast:
    person = make_staff("penny", shop)
    door = issue_webhook_credential(shop)
    rma = make_rma(shop)
    make_item(rma)
    make_package(rma)
    make_token(rma, rma.rma_number)
    event = make_event(shop, b'{"note": "<script>alert(1)</script>"}')
    make_rma_event(rma, event=event, actor=person)
    command = make_command(rma, by=person)
    make_attempt(command)
    make_transaction(rma, confirms=command)
    heartbeats.beat("inbox")
    seen = {"attempt_time": timezone.now(), "ip_address": "10.0.0.1", "username": "penny"}
    one: dict[type[Model], Model] = {
        Shop: shop,
        User: person,
        Membership: person.memberships.get(),
        Rma: rma,
        Event: event,
        Command: command,
        AuditEntry: audit.record("rma.approve", "R-1", shop=shop, actor=person),
        Heartbeat: Heartbeat.objects.get(),
        BenchRules: BenchRules.objects.create(shop=shop),
        DeskRules: DeskRules.objects.create(shop=shop),
        Barcode: Barcode.objects.create(shop=shop, code="X-1", sku="JACKET", taught_by=person),
        Grade: Grade.objects.create(shop=shop, code="E", name="Empty box"),
        DecisionReason: DecisionReason.objects.create(shop=shop, decision="claim", text="Lost"),
        RefundLimit: RefundLimit.objects.create(
            shop=shop, role=Role.AGENT, currency="USD", each=100, day=500
        ),
        ReturnLocation: ReturnLocation.objects.create(shop=shop, name="Dock"),
        AccessAttempt: AccessAttempt.objects.create(failures_since_start=1, **seen),
        AccessLog: AccessLog.objects.create(**seen),
        AccessFailureLog: AccessFailureLog.objects.create(**seen),
    }
    return Cast(shop, person, door.webhook_password, one)


def page(kind: str, model: type[Model], thing: Model | None = None) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}"
    return reverse(name, args=[thing.pk] if thing is not None else [])


def pages_of(cast: Cast, model: type[Model]) -> Iterator[str]:
    one = cast.one[model]
    yield page("changelist", model)
    yield page("change", model, one)
    yield page("history", model, one)


def filled_in(answer: Any) -> dict[str, Any]:
    """What a browser would send, were the form of this page submitted as it is."""
    forms = [answer.context["adminform"].form]
    for inline in answer.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    return {
        bound.html_name: value
        for form in forms
        for bound in form
        if (value := bound.value()) is not None and value is not False
    }


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
