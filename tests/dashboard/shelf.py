"""Parcels as tests speak of them: forms, entries, and all that a refused move must not touch."""

import uuid
from typing import Any

from django.urls import reverse

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.returns.models import (
    BoxArrival,
    Parcel,
    ParcelItem,
    ParcelMatch,
    Photo,
    ReceiptLine,
    Rma,
    RmaEvent,
)
from returns_ops.returns.transitions.matching import Match, Share, match_parcel
from returns_ops.returns.transitions.receiving import Bench


def described(shop: Shop, **said: Any) -> dict[str, Any]:
    known = {"shop": shop.domain, "submission_token": uuid.uuid4()}
    return {**known, "tracking_number": "1z 999", **said}


def item_of(rma: Rma, sku: str) -> int:
    return rma.items.get(sku=sku).pk


def entry_of(parcel: Parcel, sku: str) -> int:
    return parcel.items.get(sku=sku).pk


def match_form(parcel: Parcel, rma: Rma, **units: Any) -> dict[str, Any]:
    return {"rma": rma.rma_number, "version": parcel.version, **units}


def match_url(parcel: Parcel) -> str:
    return reverse("parcel_match", args=[parcel.pk])


def left_in(parcel: Parcel) -> dict[str, int]:
    return {item.sku: item.left for item in parcel.items.all()}


def fresh(parcel: Parcel) -> Parcel:
    return Parcel.objects.get(pk=parcel.pk)


def everything() -> list[object]:
    """All that a refused move must leave as it was."""
    tables = (Parcel, ParcelItem, ParcelMatch, ReceiptLine, BoxArrival, Photo, RmaEvent, Rma)
    return [
        *(list(table.objects.order_by("pk").values()) for table in tables),
        AuditEntry.objects.count(),
    ]


def give(parcel: Parcel, rma: Rma, by: User, *shares: Share, finish: bool = False) -> Parcel:
    version = fresh(parcel).version
    match = Match(parcel_id=parcel.pk, rma_id=rma.pk, shares=shares, version=version, finish=finish)
    return match_parcel(match, bench=Bench(by, "Bench 2"))
