"""What monitors read: exact numbers, at a price that does not grow with the table."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging import heartbeats
from returns_ops.messaging.models import CommandState, Event, EventState, Heartbeat
from returns_ops.narvar import metrics, probes
from returns_ops.narvar.connections import issue_webhook_credential
from returns_ops.returns.models import Rma
from tests.builders import make_command, make_event, make_rma, make_shop

SECOND = timedelta(seconds=1)


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop("larkspur.myshopify.com")


@pytest.fixture
def rma(shop: Shop) -> Rma:
    return make_rma(shop)


def number(metric: str, /, **labels: str) -> float | None:
    """One line of the answer; None when there is none."""
    told = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    line = f"returns_ops_{metric}" + (f"{{{told}}}" if told else "")
    found = re.search(rf"^{re.escape(line)} (\S+)$", metrics.text().decode(), re.MULTILINE)
    return float(found[1]) if found else None


def test_events_are_counted_by_shop_state_and_reason(shop: Shop) -> None:
    for _ in range(2):
        make_event(shop, state=EventState.PENDING)
    make_event(shop, state=EventState.DONE, deliveries=3)
    make_event(shop, state=EventState.DEAD, reason="not_json")
    make_event(shop, state=EventState.DEAD, reason="not_json")
    make_event(shop, state=EventState.DEAD, reason="too_deep")
    make_event(shop, state=EventState.PARKED, reason="shop_inactive")
    here = {"shop": shop.domain}

    assert number("events_pending", **here) == 2
    assert number("events_dead", reason="not_json", **here) == 2
    assert number("events_dead", reason="too_deep", **here) == 1
    assert number("events_parked", reason="shop_inactive", **here) == 1
    assert number("newest_events", state="done", **here) == 1
    assert number("newest_events_duplicates", **here) == 2
    assert number("last_event_age_seconds", **here) == pytest.approx(0, abs=30)
    assert number("shop_quiet", **here) == 0


def test_what_waits_is_counted_from_when_it_was_due(shop: Shop) -> None:
    assert number("inbox_oldest_pending_seconds") == 0
    make_event(shop, state=EventState.PENDING, next_attempt_at=timezone.now() + 60 * SECOND)
    assert number("inbox_oldest_pending_seconds") == 0
    assert probes.oldest_pending() is None

    old = timezone.now() - 60 * SECOND
    make_event(
        shop, state=EventState.PENDING, next_attempt_at=old, received_at=old - 10**6 * SECOND
    )

    assert number("inbox_oldest_pending_seconds") == pytest.approx(60, abs=5)
    assert probes.liveliness()["inbox"] == "late by 60 s"


def test_commands_are_counted_and_the_oldest_is_told_by_money(rma: Rma, wanda: User) -> None:
    ago = {seconds: timezone.now() - seconds * SECOND for seconds in (100, 200, 300, 400)}
    make_command(rma, by=wanda, state=CommandState.QUEUED, next_attempt_at=ago[100])
    other = {"moves_money": False, "amount": None, "cap": None, "currency": ""}
    make_command(
        rma,
        by=wanda,
        state=CommandState.OUTCOME_UNKNOWN,
        next_attempt_at=ago[200],
        first_sent_at=ago[300],
        **other,
    )
    make_command(rma, by=wanda, state=CommandState.ACCEPTED, accepted_at=ago[400], **other)

    assert number("commands", shop=rma.shop.domain, state="queued") == 1
    due = "commands_oldest_due_seconds"
    assert number(due, moves_money="true") == pytest.approx(100, abs=5)
    assert number(due, moves_money="false") == pytest.approx(200, abs=5)
    unknown = "commands_oldest_unknown_seconds"
    assert number(unknown, moves_money="false") == pytest.approx(300, abs=5)
    assert number(unknown, moves_money="true") == 0
    accepted = "commands_oldest_accepted_seconds"
    assert number(accepted, moves_money="false") == pytest.approx(400, abs=5)


def test_the_age_of_each_heartbeat_is_told(db: None) -> None:
    heartbeats.beat("inbox")
    Heartbeat.objects.create(name="door", seen_at=Now() - 90 * SECOND)

    assert number("heartbeat_age_seconds", name="inbox") == pytest.approx(0, abs=5)
    assert number("heartbeat_age_seconds", name="door") == pytest.approx(90, abs=5)


def test_who_reads_for_long_is_seen_and_what_cannot_be_cleared_away(db: None) -> None:
    given = connection.get_connection_params()
    names = {"host", "port", "user", "password", "dbname"}
    with psycopg.connect(**{name: given[name] for name in names & given.keys()}) as reader:
        reader.execute("SELECT pg_sleep(0.05)")
        reading = number("longest_transaction_seconds")

    assert reading is not None
    assert reading >= 0.05
    assert number("dead_rows", table="messaging_event") is not None


def test_the_door_counts_its_answers_and_their_time(shop: Shop) -> None:
    path = issue_webhook_credential(shop).webhook_url.partition("localhost:")[2].partition("/")[2]
    before = number("door_seconds_count", status="401") or 0

    assert Client().post(f"/{path}", b"", "application/json").status_code == 401

    assert number("door_seconds_count", status="401") == before + 1


def test_a_scrape_is_closed_to_strangers(db: None, settings: LazySettings) -> None:
    settings.METRICS_TOKEN = "a-token"

    assert Client().get("/metrics").status_code == 403
    shown = Client().get("/metrics", headers={"Authorization": "Bearer a-token"})

    assert shown.status_code == 200
    assert b"returns_ops_inbox_oldest_pending_seconds 0.0" in shown.content


def test_a_scrape_costs_the_same_whatever_the_number_of_shops(
    shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        make_event(make_shop())

    with django_assert_max_num_queries(24):
        metrics.text()


def test_counting_reads_no_whole_table(shop: Shop) -> None:
    """With 20,000 done events and a few others, no plan walks through all events."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO messaging_event (shop_id, dedup_key, webhook_id, topic, api_version,
                sender_timestamp, body, body_sha256, headers, state)
            SELECT %s, sha256(n::text::bytea), '', '', '', '', '', sha256(''), '{}',
                CASE WHEN n %% 1000 = 0 THEN 'pending' ELSE 'done' END
            FROM generate_series(1, 20000) n""",
            [shop.pk],
        )
        cursor.execute("ANALYZE messaging_event")
    plans = []

    def explain(execute: object, sql: str, params: object, many: bool, context: object) -> object:
        if "messaging_event" in sql:
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN (FORMAT json) {sql}", params)
                plans.append(json.dumps(cursor.fetchone()[0]))
        return execute(sql, params, many, context)  # type: ignore[operator]

    with connection.execute_wrapper(explain):
        metrics.text()

    assert len(plans) >= 6
    seen = [node for plan in plans for node in nodes(json.loads(plan)[0]["Plan"])]
    whole = ("Seq Scan", "messaging_event")
    assert not [node for node in seen if (node["Node Type"], node.get("Relation Name")) == whole]
    assert Event.objects.filter(state=EventState.PENDING).count() == 20


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)
