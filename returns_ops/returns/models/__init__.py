from returns_ops.returns.models.contents import Package, RmaItem, Transaction
from returns_ops.returns.models.history import RmaEvent
from returns_ops.returns.models.index import SearchToken, WorkCount
from returns_ops.returns.models.locations import ReturnLocation
from returns_ops.returns.models.rma import Rma, RmaQuerySet

__all__ = [
    "Package",
    "ReturnLocation",
    "Rma",
    "RmaEvent",
    "RmaItem",
    "RmaQuerySet",
    "SearchToken",
    "Transaction",
    "WorkCount",
]
