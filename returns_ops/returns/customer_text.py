"""A short text for a customer: why the refund is not the full amount. Pure; sent by nobody here.

In the language of the return where we have it. Amounts are written as that language writes them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency

from returns_ops.returns.states import Decision

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "hello": "Hello,",
        "intro": "your return of order {order} has been checked. The refund is {paid}.",
        "intro_none": "your return of order {order} has been checked. There is no refund.",
        "of": "The items of this return cost {full}. The difference is explained here:",
        "fee": "{name}: {amount} is kept.",
        "rejected": "{item}: not refunded ({amount}).",
        "not_received": "{item}: was not in the parcel ({amount}).",
        "invalid_item": "{item}: is not part of this return.",
        "other": "{item}: not refunded ({amount}).",
        "because": "Reason: {reason}.",
        "before": "{amount} was refunded before.",
        "bye": "If you have any questions, please reply to this message.",
    },
    "de": {
        "hello": "Guten Tag,",
        "intro": "wir haben Ihre Rücksendung zur Bestellung {order} geprüft. Wir erstatten {paid}.",
        "intro_none": (
            "wir haben Ihre Rücksendung zur Bestellung {order} geprüft. "
            "Es erfolgt keine Erstattung."
        ),
        "of": "Die Artikel dieser Rücksendung kosteten {full}. So erklärt sich der Unterschied:",
        "fee": "{name}: {amount} werden einbehalten.",
        "rejected": "{item}: wird nicht erstattet ({amount}).",
        "not_received": "{item}: war nicht im Paket ({amount}).",
        "invalid_item": "{item}: gehört nicht zu dieser Rücksendung.",
        "other": "{item}: wird nicht erstattet ({amount}).",
        "because": "Grund: {reason}.",
        "before": "{amount} wurden bereits erstattet.",
        "bye": "Bei Fragen antworten Sie bitte auf diese Nachricht.",
    },
    "fr": {
        "hello": "Bonjour,",
        "intro": (
            "nous avons vérifié votre retour de la commande {order}. "
            "Le remboursement est de {paid}."
        ),
        "intro_none": (
            "nous avons vérifié votre retour de la commande {order}. Il n’y a pas de remboursement."
        ),
        "of": "Les articles de ce retour ont coûté {full}. Voici d’où vient la différence :",
        "fee": "{name} : {amount} sont retenus.",
        "rejected": "{item} : non remboursé ({amount}).",
        "not_received": "{item} : ne se trouvait pas dans le colis ({amount}).",
        "invalid_item": "{item} : ne fait pas partie de ce retour.",
        "other": "{item} : non remboursé ({amount}).",
        "because": "Raison : {reason}.",
        "before": "{amount} ont déjà été remboursés.",
        "bye": "Pour toute question, répondez simplement à ce message.",
    },
    "es": {
        "hello": "Hola:",
        "intro": "hemos revisado su devolución del pedido {order}. El reembolso es de {paid}.",
        "intro_none": "hemos revisado su devolución del pedido {order}. No hay reembolso.",
        "of": "Los artículos de esta devolución costaron {full}. La diferencia se explica así:",
        "fee": "{name}: se retienen {amount}.",
        "rejected": "{item}: no se reembolsa ({amount}).",
        "not_received": "{item}: no estaba en el paquete ({amount}).",
        "invalid_item": "{item}: no forma parte de esta devolución.",
        "other": "{item}: no se reembolsa ({amount}).",
        "because": "Motivo: {reason}.",
        "before": "Ya se reembolsaron {amount}.",
        "bye": "Si tiene alguna pregunta, responda a este mensaje.",
    },
}
# The reasons and fees that come with the product, in the other languages; a shop's own stay as
# they were written.
KNOWN: dict[str, dict[str, str]] = {
    "Worn or used": {
        "de": "getragen oder benutzt",
        "fr": "porté ou utilisé",
        "es": "usado o gastado",
    },
    "Tags removed": {
        "de": "Etiketten entfernt",
        "fr": "étiquettes retirées",
        "es": "etiquetas retiradas",
    },
    "Damaged by the customer": {
        "de": "beim Kunden beschädigt",
        "fr": "endommagé par le client",
        "es": "dañado por el cliente",
    },
    "Too late": {"de": "zu spät zurückgesandt", "fr": "retour hors délai", "es": "fuera de plazo"},
    "Not in the box": {
        "de": "nicht im Paket",
        "fr": "absent du colis",
        "es": "no venía en la caja",
    },
    "Box empty": {"de": "Paket leer", "fr": "colis vide", "es": "caja vacía"},
    "Part missing": {"de": "Teil fehlt", "fr": "pièce manquante", "es": "falta una pieza"},
    "Late return": {"de": "verspätet", "fr": "retour tardif", "es": "devolución tardía"},
    "Restocking fee": {
        "de": "Bearbeitungsgebühr",
        "fr": "frais de remise en stock",
        "es": "gastos de reposición",
    },
    "Fee": {"de": "Gebühr", "fr": "frais", "es": "gastos"},
}


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """Units for which nothing is refunded. `value`: what was paid for them; None: unknown."""

    name: str
    quantity: int
    decision: str
    reason: str = ""
    value: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class RefundFacts:
    """Money in major units of `currency`. `paid` is the refund that is made or proposed."""

    order_number: str
    currency: str
    full: Decimal
    paid: Decimal
    fees: Sequence[tuple[str, Decimal]] = ()
    withheld: Sequence[Withheld] = ()
    before: Decimal = Decimal(0)


def language_of(locale: str, among: Sequence[str] = tuple(WORDS)) -> str:
    """`fr-CA`, `fr_CA` and `FR` are French; what is not among them is the first of them."""
    language = locale.strip().replace("_", "-").partition("-")[0].lower()
    return language if language in among else among[0]


def why_not_full(facts: RefundFacts, locale: str) -> str:
    """Several lines of plain text; nothing in it that is not in the facts."""
    language = language_of(locale)
    words = WORDS[language]
    money = _Money(facts.currency, language)
    intro = words["intro"] if facts.paid > 0 else words["intro_none"]
    lines = [words["hello"], "", intro.format(order=facts.order_number, paid=money(facts.paid))]
    points = list(_points(facts, words, language, money))
    if points:
        lines += ["", words["of"].format(full=money(facts.full)), *(f"- {one}" for one in points)]
    return "\n".join([*lines, "", words["bye"]])


class _Money:
    def __init__(self, currency: str, language: str) -> None:
        self.currency, self.language = currency, language

    def __call__(self, amount: Decimal) -> str:
        # A space that breaks no line in the middle of an amount would surprise in a text field.
        return format_currency(amount, self.currency, locale=self.language).replace("\u202f", " ")


def _points(
    facts: RefundFacts, words: dict[str, str], language: str, money: _Money
) -> Iterator[str]:
    for name, amount in facts.fees:
        if amount:
            yield words["fee"].format(name=_said(name, language), amount=money(amount))
    for one in facts.withheld:
        yield _withheld(one, words, language, money)
    if facts.before:
        yield words["before"].format(amount=money(facts.before))


def _withheld(one: Withheld, words: dict[str, str], language: str, money: _Money) -> str:
    usual = (Decision.REJECTED, Decision.NOT_RECEIVED, Decision.INVALID_ITEM)
    sentence = words[one.decision if one.decision in usual else "other"]
    if one.value is None:
        sentence = sentence.replace(" ({amount})", "")
    amount = money(one.value) if one.value is not None else ""
    said = sentence.format(item=f"{one.quantity} × {one.name}", amount=amount)
    if not one.reason:
        return said
    return f"{said} {words['because'].format(reason=_said(one.reason, language))}"


def _said(text: str, language: str) -> str:
    """In that language where we know the words; a shop's own text as it is."""
    known = KNOWN.get(text, {}).get(language)
    return known or text.rstrip(".")
