"""How a shop wants its bench to work, with what holds where it has said nothing."""

from dataclasses import dataclass
from decimal import Decimal

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Role
from returns_ops.returns.models import BenchRules, DecisionReason, Grade
from returns_ops.returns.money import exponent
from returns_ops.returns.states import Decision

PARTIAL = "partial"
GRADES = [
    ("A", "Like new", False),
    ("B", "Opened, fine", False),
    ("C", "Worn or marked", True),
    ("D", "Damaged", True),
]
REASONS: dict[str, tuple[str, ...]] = {
    Decision.REJECTED: ("Worn or used", "Tags removed", "Damaged by the customer", "Too late"),
    Decision.APPROVED_NO_RESTOCK: ("Faulty", "Hygiene", "Packaging gone"),
    Decision.NOT_RECEIVED: ("Not in the box", "Box empty"),
    Decision.EXCEPTION: ("Wrong item", "Serial number differs", "Not sure", "Suspicion of fraud"),
    Decision.CLAIM: ("Found damaged later", "Lost in transit"),
    PARTIAL: ("Worn or used", "Part missing", "Late return", "Agreed with the customer"),
}
# In hundreds of the smallest unit, so that a limit means about the same in every currency.
EACH = {Role.WAREHOUSE: 250, Role.AGENT: 500, Role.APPROVER: 1000}
DAY = {Role.WAREHOUSE: 5_000, Role.AGENT: 5_000, Role.APPROVER: 10_000}


@dataclass(frozen=True)
class GradeRule:
    code: str
    name: str
    bad: bool


def rules_of(shop: Shop) -> BenchRules:
    """The shop's row, or the defaults, unsaved."""
    try:
        return shop.bench_rules
    except BenchRules.DoesNotExist:
        return BenchRules(shop=shop)


def grades_of(shop: Shop) -> list[GradeRule]:
    rows = Grade.objects.filter(shop=shop).order_by("position", "code")
    own = [GradeRule(*row) for row in rows.values_list("code", "name", "bad")]
    return own or [GradeRule(*row) for row in GRADES]


def reasons_of(shop: Shop) -> dict[str, list[str]]:
    """decision (or `partial`): its reasons. A shop replaces the list of a decision, not all."""
    found = {decision: list(texts) for decision, texts in REASONS.items()}
    own: dict[str, list[str]] = {}
    rows = DecisionReason.objects.filter(shop=shop).order_by("decision", "position", "id")
    for decision, text in rows.values_list("decision", "text"):
        own.setdefault(decision, []).append(text)
    return found | own


def default_limit(amounts: dict[Role, int], role: Role, currency: str) -> Decimal:
    """A whole amount; where a currency has no decimals, a hundred times as much."""
    scale = 100 if exponent(currency) == 0 else 1
    return Decimal(amounts[role] * scale)
