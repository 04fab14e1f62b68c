"""Cases as the rules leave them, for tests of the screens."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from django.utils import timezone

from returns_ops.accounts.models import Shop, User
from returns_ops.returns import presence
from returns_ops.returns.models import Case, Rma
from returns_ops.returns.states import Cause, NarvarStatus, Work
from tests.builders import make_item, make_rma


def make_case(shop: Shop, rma_number: str = "", *, rma: Rma | None = None, **fields: Any) -> Case:
    """Of a return of its own, if none is given."""
    now = timezone.now()
    about = rma or make_troubled(shop, rma_number)
    known: dict[str, Any] = {
        "cause": Cause.EXCEPTION,
        "text": "Narvar has an exception: refund failed",
        "fingerprint": "0" * 16,
        "value": Decimal("49.99"),
        "currency": "USD",
        "due_at": now + timedelta(hours=8),
        "rank_at": now + timedelta(hours=8),
        "opened_at": now,
    }
    return Case.objects.create(shop=shop, rma=about, **{**known, **fields})


def make_troubled(shop: Shop, rma_number: str = "", **fields: Any) -> Rma:
    """A return that Narvar has as an exception."""
    errors = [{"message": "refund failed", "at": timezone.now().isoformat()}]
    known = {"narvar_status": NarvarStatus.EXCEPTION, "work": Work.EXCEPTION, "errors": errors}
    rma = make_rma(shop, rma_number, **{**known, **fields})
    make_item(rma)
    return rma


def look_at(case: Case, *, by: User, editing: bool = False) -> None:
    """They have its return on the screen now."""
    assert case.rma is not None
    presence.be_here(case.rma, by, editing=editing)


def seen(client: Client, case: Case) -> dict[str, Any]:
    """The hidden fields of the page as it is on the screen."""
    page = client.get(f"/exceptions/{case.pk}/").context["page"]
    assert page.case.rma is not None
    return {
        "version": page.head.version,
        "rma_version": page.case.rma.version,
        "seen": page.seen,
        "submission_token": page.token,
    }


def act(client: Client, case: Case, code: str, **said: Any) -> Any:
    fields = {**seen(client, case), **said}
    return client.post(f"/exceptions/{case.pk}/act/?tab=all", {"action": code, **fields})


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)
