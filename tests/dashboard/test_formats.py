from datetime import timedelta
from decimal import Decimal

import pytest

from returns_ops.dashboard.show.badges import badge
from returns_ops.dashboard.show.contents import pairs, safe_link
from returns_ops.dashboard.show.formats import Clock, moment_of, money
from tests.builders import at

NOW = at("2026-11-21 15:00")
CHICAGO = Clock(NOW, "America/Chicago")


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("49.9900", "USD", "49.99 USD"),
        ("1049.5", "USD", "1,049.50 USD"),
        ("-8.5", "USD", "-8.50 USD"),
        ("1200", "JPY", "1,200 JPY"),
        ("1.5", "KWD", "1.500 KWD"),
        ("0.0049", "USD", "0.0049 USD"),
    ],
)
def test_money_is_said_exactly(amount: str, currency: str, shown: str) -> None:
    assert money(Decimal(amount), currency) == shown


def test_no_amount_is_not_zero() -> None:
    assert money(None, "USD") == "–"


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (timedelta(seconds=30), "just now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=2), "19 Nov, 09:00"),
        (timedelta(days=700), "21 Dec 2024, 09:00"),
    ],
)
def test_the_past_is_near_in_words_and_far_by_date(before: timedelta, shown: str) -> None:
    assert f">{shown}</time>" in CHICAGO.ago(NOW - before)


@pytest.mark.parametrize(
    ("ahead", "shown"),
    [
        (timedelta(days=2, hours=4), 'class="due "'),
        (timedelta(hours=4), 'class="due soon"'),
        (timedelta(hours=-4), "4 h late</time>"),
    ],
)
def test_a_deadline_warns_in_words_and_tone(ahead: timedelta, shown: str) -> None:
    assert shown in CHICAGO.until(NOW + ahead)


def test_an_unknown_time_zone_is_utc() -> None:
    assert Clock(NOW, "Mars/Base").wall(NOW) == "21 Nov, 15:00"


@pytest.mark.parametrize("value", [None, 7, "", "soon", "2026-11-21T09:00:00"])
def test_what_is_no_moment_is_none(value: object) -> None:
    assert moment_of(value) is None


@pytest.mark.parametrize("url", ["https://[x", "ftp://a.example", "https://", "data:x", ""])
def test_an_odd_address_is_no_link(url: str) -> None:
    assert safe_link(url) == ""


def test_a_document_becomes_lines() -> None:
    assert pairs({"a": {"b": [1, None]}, "c": True}) == [
        ("a.b[0]", "1"),
        ("a.b[1]", "empty"),
        ("c", "yes"),
    ]


def test_an_unknown_word_keeps_its_word() -> None:
    shown = badge("narvar_status", "<new>")

    assert "&lt;new&gt; (unknown)" in shown
    assert "<svg" in shown
