"""The text for a customer whose refund is not the full amount: to copy, never sent from here."""

from dataclasses import dataclass
from typing import NamedTuple

from returns_ops.returns.customer_text import WORDS, language_of
from returns_ops.returns.explaining import customer_text
from returns_ops.returns.preview import Bundle

NAMES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}


class Language(NamedTuple):
    code: str
    name: str
    current: bool


@dataclass(frozen=True)
class CustomerText:
    text: str
    language: str
    languages: list[Language]


def text_for(bundle: Bundle, chosen: str) -> CustomerText:
    """In the language that was chosen, else in the customer's."""
    language = chosen if chosen in WORDS else language_of(bundle.rma.locale)
    return CustomerText(
        text=customer_text(bundle, locale=language),
        language=language,
        languages=[Language(one, NAMES.get(one, one), one == language) for one in WORDS],
    )
