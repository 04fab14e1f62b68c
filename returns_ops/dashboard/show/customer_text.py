"""The text for a customer whose refund is not the full amount: to copy, never sent from here."""

from dataclasses import dataclass
from typing import NamedTuple

from returns_ops.returns.customer_text import language_of
from returns_ops.returns.desk_rules import languages_of
from returns_ops.returns.explaining import customer_text
from returns_ops.returns.preview import Bundle
from returns_ops.returns.states import Language


class Choice(NamedTuple):
    code: str
    name: str
    current: bool


@dataclass(frozen=True)
class CustomerText:
    text: str
    language: str
    languages: list[Choice]


def text_for(bundle: Bundle, chosen: str) -> CustomerText:
    """In the language that was chosen, else in the customer's, else in the shop's first."""
    among = languages_of(bundle.rma.shop)
    language = language_of(chosen if chosen in among else bundle.rma.locale, among)
    return CustomerText(
        text=customer_text(bundle, locale=language),
        language=language,
        languages=[Choice(one, str(Language(one).label), one == language) for one in among],
    )
