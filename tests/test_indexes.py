"""Each index is paid for by every write. One that nothing of ours asks for is named here."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Role
from returns_ops.dashboard import health
from returns_ops.messaging import inbox, outbox
from returns_ops.messaging.models import Command, Event
from returns_ops.messaging.retention import newest_events
from returns_ops.narvar import (
    bulk,
    client,
    delivery,
    location_imports,
    looking,
    metrics,
    reconciliation,
    recovery,
    retention,
    silence,
)
from returns_ops.narvar.tasks import DESK_STEPS
from returns_ops.returns import digests
from returns_ops.returns.models import BulkJob, Case, ReturnLocation, Rma
from tests.builders import make_connection, make_parcel, make_shop, make_staff

RMAS = 3_000
OURS = "^(accounts|messaging|returns|narvar)_"

# Three events of each return: most are done, some of each other kind. As many of another shop.
EVENTS = """
INSERT INTO messaging_event (shop_id, dedup_key, webhook_id, topic, api_version, sender_timestamp,
    body, body_sha256, headers, subject, state, reason, done_at, outcome)
SELECT whose, sha256((id * 10 + n)::text::bytea), n::text, '', '', '', '', sha256(''), '{}',
    rma_number, state, 'not_json', now(), 'same'
FROM returns_rma CROSS JOIN generate_series(1, 3) n CROSS JOIN unnest(ARRAY[shop_id, %s]) whose
CROSS JOIN LATERAL (
    SELECT CASE WHEN n > 1 THEN 'done' WHEN id %% 50 = 0 THEN 'dead' WHEN id %% 50 = 1 THEN 'parked'
        WHEN id %% 50 = 2 THEN 'pending' ELSE 'done' END AS state) s
"""
COMMANDS = """
INSERT INTO messaging_command (shop_id, subject, kind, ordinal, call_reference_id, method, target,
    content_type, body, body_sha256, summary, moves_money, amount, cap, currency,
    submission_token, requested_by_id, second_person, state, tries, was_ambiguous, problem, cause,
    looks, result)
SELECT shop_id, rma_number, 'approval', 1, gen_random_uuid(), 'POST', '/', '', '', sha256(''),
    '{}', true, 1, 1, 'USD', gen_random_uuid(), %s, false,
    coalesce((ARRAY['queued', 'accepted', 'attention', 'needs_approval'])[id %% 100], 'confirmed'),
    1, false, '', '', 0, '{}'
FROM returns_rma WHERE id %% 2 = 0
"""
ATTEMPTS = """
INSERT INTO messaging_attempt (command_id, number, call_reference_id, body_sha256, outcome, answer,
    problem)
SELECT id, 1, call_reference_id, body_sha256, 'accepted',
    CASE WHEN id % 2 = 0 THEN 'x' ELSE '' END, '' FROM messaging_command
"""
HISTORY = """
INSERT INTO returns_rmaevent (rma_id, source, verb, text, applied, event_id, command_id, changes)
SELECT r.id, 'webhook', 'snapshot', '', true, e.id, c.id, '{}'
FROM returns_rma r JOIN messaging_event e ON e.subject = r.rma_number AND e.shop_id = r.shop_id
LEFT JOIN messaging_command c ON c.subject = r.rma_number AND c.shop_id = r.shop_id
"""


def test_no_index_is_the_beginning_of_another(db: None) -> None:
    """The longer one answers the same questions, and so does the index of a unique constraint."""
    rows = indexes()
    doubled = [
        f"{one['name']} begins {other['name']}"
        for one in rows
        for other in rows
        if one["table"] == other["table"] and one["name"] != other["name"]
        if not (one["is_unique"] or one["is_partial"] or other["is_partial"])
        if f"{other['columns']} ".startswith(f"{one['columns']} ")
        if other["classes"].startswith(one["classes"])
        if "_user_" not in one["name"]  # the tables between a user and their groups are Django's
    ]

    assert doubled == []


def indexes() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.relname AS table, i.relname AS name, x.indisunique AS is_unique,
                x.indpred IS NOT NULL AS is_partial, x.indkey::text AS columns,
                x.indclass::text AS classes, pg_stat_get_xact_numscans(i.oid) AS scans,
                EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = t.oid AND c.contype = 'f'
                    AND x.indnatts = 1 AND c.conkey[1] = x.indkey[0] AND NOT EXISTS (
                        SELECT FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
                        WHERE g.tgrelid = c.confrelid AND p.proname = 'refuse_change'
                    )) AS serves_deletes
            FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
            JOIN pg_class t ON t.oid = x.indrelid WHERE t.relname ~ %s ORDER BY 2""",
            [OURS],
        )
        names = [column.name for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def start_anew() -> None:
    """What earlier tests left in the files of a table makes its indexes dearer or cheaper."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ %s", [OURS])
        cursor.execute(f"TRUNCATE {', '.join(name for (name,) in cursor.fetchall())} CASCADE")


@pytest.fixture
def many(db: None) -> Shop:
    """A shop with so many rows that the planner has a choice, in tables that nobody used before."""
    start_anew()
    shop = Shop.objects.create(domain="many.myshopify.com", currency="USD")
    call_command("generate_rmas", count=RMAS, shop=shop.domain, verbosity=0)
    person = make_staff("asker", shop, Role.AGENT)
    with connection.cursor() as cursor:
        cursor.execute(EVENTS, [make_shop("beside.myshopify.com").pk])
        cursor.execute(COMMANDS, [person.pk])
        cursor.execute(ATTEMPTS)
        cursor.execute(HISTORY)
        cursor.execute("ANALYZE")
        cursor.execute("SET LOCAL enable_seqscan = off")
    return shop


def test_every_index_is_used(many: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a question of a screen or of the background, where no table may be read from its start.

    But for those that keep a promise, and those by which a foreign key finds what points at a row
    that can be deleted.
    """
    monkeypatch.setattr(client, "call", not_sent)
    ask_everything(many)
    ask_in_order(many)

    unused = {
        one["name"]
        for one in indexes()
        if not (one["scans"] or one["is_unique"] or one["serves_deletes"])
        if not one["name"].endswith("_like")  # Django's own, beside each unique text
    }
    assert unused <= set(SELDOM), sorted(unused - set(SELDOM))


def test_of_a_shop_without_events_none_of_the_others_are_read(many: Shop) -> None:
    empty = Shop.objects.create(domain="empty.myshopify.com", currency="USD")
    before = rows_read("messaging_event")

    health.health_of([empty])
    silence.silences([empty])
    list(newest_events())

    assert rows_read("messaging_event") - before < 10


def rows_read(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_stat_get_xact_tuples_fetched(indexrelid)) FROM pg_index"
            " WHERE indrelid = %s::regclass",
            [table],
        )
        return int(cursor.fetchone()[0])


def not_sent(*_: object) -> None:
    raise client.NotSent("Nobody is called here")


def ask_everything(shop: Shop) -> None:
    ana = Client()
    ana.force_login(make_staff("ana", shop, Role.AGENT, is_staff=True, is_superuser=True))
    work_in_the_background(shop)
    approver = Client()
    approver.force_login(make_staff(shop=shop, role=Role.APPROVER))
    for query in LISTS["approvals"].split():
        assert approver.get(f"{reverse('approvals')}?{query}").status_code == 200
    for url in [*screens(), *pages(shop), f"/admin/accounts/auditentry/?shop__id__exact={shop.pk}"]:
        assert ana.get(url).status_code in (200, 204, 302), url


def ask_in_order(shop: Shop) -> None:
    """Sorting a few rows costs as little as reading them in order: it is chance which is done."""
    with connection.cursor() as cursor:
        for way in ("sort", "hashagg", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    reader = Client()
    reader.force_login(make_staff(shop=shop, role=Role.AGENT, is_superuser=True))
    for url in screens():
        assert reader.get(url).status_code in (200, 204, 302), url


def screens() -> Iterator[str]:
    for name, queries in LISTS.items():
        yield from (f"{reverse(name)}?{query}" for query in queries.split())
    yield from map(reverse, PLAIN)


def pages(shop: Shop) -> Iterator[str]:
    rma = Rma.objects.filter(history__command__isnull=False)[0]
    yield rma.get_absolute_url()
    yield reverse("command", args=[Command.objects.get(subject=rma.rma_number).pk])
    yield reverse("event", args=[Event.objects.filter(subject=rma.rma_number)[0].pk])
    yield reverse("case", args=[Case.objects.filter(shop=shop)[0].pk])
    place = ReturnLocation.objects.create(
        shop=shop, name="Reno", narvar_id="42", postal_code="89502", country_code="US"
    )
    yield reverse("location", args=[place.pk])
    by = make_staff(shop=shop)
    found = make_parcel(shop, by=by, items={"JACKET": 1}, origin_postal_code="10001")
    yield reverse("parcel", args=[found.pk])


def work_in_the_background(shop: Shop) -> None:
    BulkJob.objects.create(
        shop=shop, action="resolve", started_by=make_staff(shop=shop), submission_token=uuid.uuid4()
    )
    make_connection(shop)
    for step in (*DESK_STEPS, *BACKGROUND):
        step()
    recovery.hold_all([shop])
    recovery.let_go([shop])


LISTS = {
    "rmas": "tab=all tab=to_decide tab=all&status=approved tab=all&money=refused"
    " tab=all&method=keep_the_item tab=all&deadline=24h tab=all&q=GN00 tab=done",
    "exceptions": "tab=mine tab=unassigned tab=all tab=late tab=snoozed tab=resolved tab=causes"
    " tab=clocks cause=exception",
    "messages_in": "state= state=dead&reason=not_json state=parked state=pending state=older",
    "messages_out": "state= state=open state=attention state=unknown",
    "approvals": "tab= tab=mine",
}
PLAIN = [
    *("home", "nav_counts", "locations", "case_jobs", "desk_macros"),
    *("notices", "replay", "case_next", "scan", "parcels"),
]
BACKGROUND: list[Callable[[], object]] = [
    lambda: reconciliation.refetch_doubtful(until=time.monotonic()),
    lambda: reconciliation.reread_open(until=time.monotonic()),
    metrics.text,
    outbox.claim,
    delivery.deliver_next,
    looking.look_for_outcomes,
    bulk.run_slice,
    location_imports.run_slice,
    digests.send_due,
    lambda: inbox.claim(10),
    lambda: retention.retire(until=time.monotonic() + 1),
]
# Asked for by something that is not done above, or where another serves so few rows as well.
SELDOM = {
    "audit_refused_badges": "a scan of a badge counts those that were refused before it",
    "case_event_skips": "Work next passes over what its person skipped",
    "case_wakes": "the sleepers whose time has come; while none sleeps, another serves as well",
    "location_import_newest": "the screen of imports, for who manages locations",
    "narvar_outage_ended_at": "whether there was an outage lately; a row for each outage",
    "photo_by_content": "whether another photo shows the same file, when one is removed",
    "returns_receiptline_command_id_d7775685": "the lines of a command that is confirmed",
    "scan_of_person": "the only one by which PostgreSQL finds the scans of a person",
    "view_shared": "views that are shared in a shop; a shop has few",
}
