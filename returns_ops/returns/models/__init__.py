from returns_ops.returns.models.barcodes import Barcode
from returns_ops.returns.models.bench import BoxArrival, ReceiptLine, Scan, Viewing
from returns_ops.returns.models.contents import Package, RmaItem, Transaction
from returns_ops.returns.models.evidence import Parcel, ParcelItem, ParcelMatch, Photo
from returns_ops.returns.models.history import RmaEvent
from returns_ops.returns.models.index import SearchToken, WorkCount
from returns_ops.returns.models.location_history import LocationChange
from returns_ops.returns.models.location_imports import LocationImport, LocationImportRow
from returns_ops.returns.models.locations import ReturnLocation
from returns_ops.returns.models.rma import Rma, RmaQuerySet
from returns_ops.returns.models.rules import BenchRules, DecisionReason, Grade, RefundLimit

__all__ = [
    "Barcode",
    "BenchRules",
    "BoxArrival",
    "DecisionReason",
    "Grade",
    "LocationChange",
    "LocationImport",
    "LocationImportRow",
    "Package",
    "Parcel",
    "ParcelItem",
    "ParcelMatch",
    "Photo",
    "ReceiptLine",
    "RefundLimit",
    "ReturnLocation",
    "Rma",
    "RmaEvent",
    "RmaItem",
    "RmaQuerySet",
    "Scan",
    "SearchToken",
    "Transaction",
    "Viewing",
    "WorkCount",
]
