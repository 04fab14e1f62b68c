"""A person asks Narvar for a return that we do not know, or to tell of one again."""

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.dashboard.show.bodies import masked
from returns_ops.narvar import lookup, reconciliation
from returns_ops.narvar.lookup import Found, Question
from returns_ops.returns.models import Rma


def ask_narvar(shop: Shop, text: str, *, by: User) -> Found:
    """By RMA number, then by order, or by e-mail. Raises reading.LookupFailed."""
    words = text.strip()
    name = words.removeprefix("#")
    questions = [Question(rma_number=name), Question(order_number=name)]
    if "@" in words:
        questions = [Question(email=words)]
    found = Found()
    for question in questions:
        found = lookup.ask(shop, question)
        if found.rma_numbers or found.problems:
            break
    # No address of a customer in a log that nobody can erase.
    audit.record("rma.asked", masked(words), shop=shop, actor=by, found=found.rma_numbers[:20])
    return found


def refresh(rma: Rma, *, by: User) -> None:
    """Read it again now. Raises reading.LookupFailed."""
    reconciliation.ask_again(rma)
    audit.record("rma.asked", rma.rma_number, shop=rma.shop, actor=by, found=[rma.rma_number])
