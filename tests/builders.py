"""Believable rows for tests: every builder fills what a test does not care about."""

import hashlib
import io
import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from PIL import Image

from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import (
    Attempt,
    AttemptOutcome,
    Command,
    CommandState,
    Event,
    EventState,
)
from returns_ops.narvar.models import Connection
from returns_ops.narvar.secrets import encrypt
from returns_ops.returns import photo_files
from returns_ops.returns.fingerprint import fingerprint, masked
from returns_ops.returns.models import (
    Case,
    Package,
    Parcel,
    ParcelItem,
    Photo,
    ReceiptLine,
    RefundLimit,
    Rma,
    RmaEvent,
    RmaItem,
    SearchToken,
    Transaction,
)
from returns_ops.returns.pictures import read_picture
from returns_ops.returns.states import Cause, NarvarStatus, Work

PASSWORD = "a long enough password"
_numbers = itertools.count(1)


def next_number() -> int:
    return next(_numbers)


def make_shop(domain: str = "", *, connected: bool = True, **fields: Any) -> Shop:
    shop = Shop.objects.create(
        domain=domain or f"shop{next_number()}.myshopify.com", **{"currency": "USD", **fields}
    )
    if connected:
        make_connection(shop)
    return shop


def make_connection(shop: Shop, **fields: Any) -> Connection:
    known = {
        "narvar_url": "http://127.0.0.1:1",
        "narvar_username": "narvar",
        "narvar_password_encrypted": encrypt("secret"),
    }
    return Connection.objects.create(shop=shop, **{**known, **fields})


def make_staff(
    username: str = "", shop: Shop | None = None, role: str = Role.AGENT, **fields: Any
) -> User:
    user = User(username=username or f"person{next_number()}", **fields)
    user.set_password(PASSWORD)
    user.save()
    if shop is not None:
        give_role(user, shop, role)
    return user


def give_role(user: User, shop: Shop, role: str) -> Membership:
    return Membership.objects.create(user=user, shop=shop, role=role)


def lift_limits(shop: Shop) -> None:
    """Everybody may refund any amount alone: for tests that are about something else."""
    plenty = Decimal(10) ** 9
    RefundLimit.objects.bulk_create(
        RefundLimit(shop=shop, role=role, currency=currency, each=plenty, day=plenty)
        for role in (Role.WAREHOUSE, Role.AGENT, Role.APPROVER)
        for currency in ("USD", "EUR", "GBP", "CAD", "JPY", "KWD")
    )


def make_rma(shop: Shop | None = None, rma_number: str = "", **fields: Any) -> Rma:
    number = next_number()
    now = timezone.now()
    known: dict[str, Any] = {
        "narvar_status": NarvarStatus.DELIVERED,
        "order_number": f"{70_074_000 + number}",
        "created_at": now - timedelta(days=2),
        "email": f"customer{number}@example.com",
        "return_method": "mail",
        "refund_method": "original_payment",
        "estimated_refund": Decimal("49.99"),
        "first_cap": Decimal("49.99"),
        "currency": "USD",
        "shop_currency": "USD",
        "as_of": now,
        "item_count": 1,
        "total": Decimal("49.99"),
        "items_text": "1 × JACKET-M",
        "work": Work.TO_DECIDE,
    }
    return Rma.objects.create(
        shop=shop or make_shop(), rma_number=rma_number or f"RMA{number:06}", **{**known, **fields}
    )


def make_item(rma: Rma, sku: str = "JACKET-M", **fields: Any) -> RmaItem:
    number = next_number()
    known: dict[str, Any] = {
        "line_key": f"{number}",
        "position": number % 30_000,
        "sku": sku,
        "item_id": f"{number}",
        "quantity": 1,
        "unit_price": Decimal("49.99"),
        "total_price": Decimal("49.99"),
        "unit_final": Decimal("49.99"),
    }
    return RmaItem.objects.create(rma=rma, **{**known, **fields})


def make_receipt_line(rma: Rma, item: RmaItem | None, *, by: User, **fields: Any) -> ReceiptLine:
    known: dict[str, Any] = {"quantity": 1, "in_hand": True, "decision": "approved"}
    return ReceiptLine.objects.create(rma=rma, item=item, entered_by=by, **{**known, **fields})


def make_package(rma: Rma, tracking_number: str = "", **fields: Any) -> Package:
    number = next_number()
    known: dict[str, Any] = {
        "package_key": f"{number}",
        "position": number % 30_000,
        "tracking_number": tracking_number or f"1Z999AA1{number:010}",
        "carrier": "UPS",
    }
    return Package.objects.create(rma=rma, **{**known, **fields})


def make_transaction(rma: Rma, amount: str = "49.99", **fields: Any) -> Transaction:
    known: dict[str, Any] = {
        "shop": rma.shop,
        "narvar_id": f"tx-{next_number()}",
        "amount": Decimal(amount),
        "currency": rma.currency,
        "source": "narvar",
        "refund_method": "original_payment",
        "at": timezone.now(),
        "first_seen_at": timezone.now(),
    }
    return Transaction.objects.create(rma=rma, **{**known, **fields})


def make_token(rma: Rma, token: str, kind: str = SearchToken.Kind.RMA) -> SearchToken:
    return SearchToken.objects.create(shop=rma.shop, rma=rma, kind=kind, token=token)


def make_rma_event(rma: Rma, text: str = "Narvar says: arrived", **fields: Any) -> RmaEvent:
    known: dict[str, Any] = {"source": RmaEvent.Source.WEBHOOK, "verb": "snapshot"}
    return RmaEvent.objects.create(rma=rma, text=text, **{**known, **fields})


def make_parcel(
    shop: Shop, *, by: User, items: dict[str, int] | None = None, **fields: Any
) -> Parcel:
    known: dict[str, Any] = {"found_by": by, "submission_token": uuid.uuid4()}
    parcel = Parcel.objects.create(shop=shop, **{**known, **fields})
    for sku, quantity in (items or {}).items():
        ParcelItem.objects.create(parcel=parcel, sku=sku, quantity=quantity)
    return parcel


def picture_bytes(
    colour: str = "red", size: tuple[int, int] = (64, 48), form: str = "JPEG"
) -> bytes:
    """A picture as a phone sends it."""
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, form)
    return written.getvalue()


def make_photo(of: Rma | Parcel, *, by: User, colour: str = "red", **fields: Any) -> Photo:
    """With its file, under the MEDIA_ROOT of the test."""
    picture = read_picture(picture_bytes(colour))
    known: dict[str, Any] = {
        "shop": of.shop,
        "rma": of if isinstance(of, Rma) else None,
        "parcel": of if isinstance(of, Parcel) else None,
        "file": photo_files.keep(picture),
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "size": len(picture.data),
        "taken_by": by,
    }
    return Photo.objects.create(**{**known, **fields})


def make_command(rma: Rma, *, by: User, **fields: Any) -> Command:
    body = fields.pop("body", json.dumps({"rma_number": rma.rma_number}).encode())
    known: dict[str, Any] = {
        "kind": "approval",
        "ordinal": next_number(),
        "call_reference_id": uuid.uuid4(),
        "target": "/merchant/returns/approval",
        "body_sha256": hashlib.sha256(body).digest(),
        "moves_money": True,
        "amount": Decimal("49.99"),
        "cap": Decimal("49.99"),
        "currency": "USD",
        "submission_token": uuid.uuid4(),
        "state": CommandState.QUEUED,
    }
    return Command.objects.create(
        shop=rma.shop, subject=rma.rma_number, body=body, requested_by=by, **{**known, **fields}
    )


def make_attempt(command: Command, **fields: Any) -> Attempt:
    known: dict[str, Any] = {
        "number": command.attempts.count() + 1,
        "call_reference_id": command.call_reference_id,
        "body_sha256": command.body_sha256,
        "outcome": AttemptOutcome.ACCEPTED,
        "http_status": 201,
        "milliseconds": 120,
        "finished_at": timezone.now(),
    }
    return Attempt.objects.create(command=command, **{**known, **fields})


def make_event(shop: Shop, body: bytes = b"{}", **fields: Any) -> Event:
    digest = hashlib.sha256(body)
    known: dict[str, Any] = {
        "dedup_key": hashlib.sha256(f"{next_number()}".encode() + digest.digest()).digest(),
        "body_sha256": digest.digest(),
        "webhook_id": str(uuid.uuid4()),
        "topic": "delivered_to_retailer",
        "headers": {"X-Narvar-Topic": "delivered_to_retailer"},
        "state": EventState.DONE,
    }
    return Event.objects.create(shop=shop, body=body, **{**known, **fields})


def at(text: str) -> datetime:
    """`2026-11-21 09:12`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_case(about: Rma | Parcel, cause: str = Cause.EXCEPTION, **fields: Any) -> Case:
    """Open, due in some hours; about an RMA or a parcel."""
    now = timezone.now()
    text = str(fields.get("text", "Narvar has an exception: refund failed"))
    known: dict[str, Any] = {
        "rma": about if isinstance(about, Rma) else None,
        "parcel": about if isinstance(about, Parcel) else None,
        "text": text,
        "group": masked(text),
        "fingerprint": fingerprint(cause, text),
        "value": Decimal("49.99"),
        "currency": "USD",
        "due_at": now + timedelta(hours=8),
        "rank_at": now + timedelta(hours=8),
    }
    return Case.objects.create(shop=about.shop, cause=cause, **{**known, **fields})
