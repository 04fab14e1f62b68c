"""Why it is not the full amount: in the customer's language, from the facts and nothing else."""

from decimal import Decimal

import pytest

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.customer_text import (
    WORDS,
    RefundFacts,
    Withheld,
    language_of,
    why_not_full,
)
from returns_ops.returns.explaining import customer_text
from returns_ops.returns.preview import Bundle
from returns_ops.returns.states import Language
from tests.builders import make_item, make_receipt_line, make_rma

FACTS = RefundFacts(
    order_number="70074401",
    currency="EUR",
    full=Decimal("149.98"),
    paid=Decimal("91.49"),
    fees=[("Restocking fee", Decimal("8.50"))],
    withheld=[
        Withheld(
            name="JACKET-M",
            quantity=1,
            decision="rejected",
            reason="Worn or used",
            value=Decimal("49.99"),
        ),
        Withheld(name="SOCK", quantity=2, decision="not_received", reason="Lost by our carrier"),
    ],
)
AMOUNTS = {
    "en": ["€91.49", "€149.98", "€8.50", "Worn or used"],
    "de": ["91,49", "149,98", "8,50", "getragen oder benutzt"],
    "fr": ["91,49", "149,98", "8,50", "porté ou utilisé"],
    "es": ["91,49", "149,98", "8,50", "usado o gastado"],
}


@pytest.mark.parametrize("language", Language.values)
def test_each_language_says_all_of_it(language: str) -> None:
    text = why_not_full(FACTS, language)

    for part in [*AMOUNTS[language], "70074401", "1 × JACKET-M", "2 × SOCK", "Lost by our carrier"]:
        assert part in text
    assert "{" not in text
    assert "()" not in text
    assert WORDS[language].keys() == WORDS["en"].keys()


@pytest.mark.parametrize(
    ("locale", "language"),
    [("fr-CA", "fr"), ("de_AT", "de"), ("ES", "es"), ("nl", "en"), ("", "en"), ("en-GB", "en")],
)
def test_the_locale_of_the_return_picks_the_language(locale: str, language: str) -> None:
    assert language_of(locale) == language


@pytest.mark.parametrize(
    ("locale", "language"), [("fr-CA", "fr"), ("de_AT", "de"), ("es", "de"), ("en", "de")]
)
def test_a_shop_writes_in_its_own_languages_the_first_to_all_others(
    locale: str, language: str
) -> None:
    assert language_of(locale, ["de", "fr"]) == language


def test_a_full_refund_needs_no_excuse() -> None:
    facts = RefundFacts(order_number="1", currency="JPY", full=Decimal(500), paid=Decimal(500))

    text = why_not_full(facts, "en")

    assert "¥500" in text
    assert "difference" not in text


def test_it_is_made_from_what_the_bench_found(shop: Shop, wanda: User) -> None:
    rma = make_rma(shop, locale="de-DE", total=Decimal("99.98"), first_cap=Decimal("99.98"))
    good, worn = make_item(rma), make_item(rma, "TEE-S")
    make_receipt_line(rma, good, by=wanda)
    make_receipt_line(rma, worn, by=wanda, decision="rejected", reason="Tags removed")

    text = customer_text(Bundle(rma))

    assert text.startswith("Guten Tag,")
    assert "1 × TEE-S: wird nicht erstattet" in text
    assert "Etiketten entfernt" in text
    assert "JACKET-M" not in text
