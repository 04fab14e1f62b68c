"""What is seen and heard at the scan box."""

import pytest
from playwright.sync_api import Page, expect

MARKS = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.dashboard.bench_pages"),
]


def said(bench: Page, words: str) -> None:
    expect(bench.locator("#scan-said")).to_have_text(words)


def waits(bench: Page, words: str) -> None:
    expect(bench.locator("#scan-waiting")).to_be_visible()
    expect(bench.locator("#scan-waiting")).to_have_text(words)


def heard(bench: Page) -> list[int]:
    return list(bench.evaluate("heard"))
