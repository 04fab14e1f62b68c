from returns_ops.returns.models.barcodes import Barcode
from returns_ops.returns.models.bench import BoxArrival, ReceiptLine, Scan, Viewing
from returns_ops.returns.models.bulk import BulkJob, BulkRow
from returns_ops.returns.models.cases import Case, CaseCount, CaseEvent, CaseWatch
from returns_ops.returns.models.contents import Package, RmaItem, Transaction
from returns_ops.returns.models.desk import (
    DeskPreference,
    DeskRules,
    Macro,
    Notice,
    Playbook,
    SavedView,
)
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
    "BulkJob",
    "BulkRow",
    "Case",
    "CaseCount",
    "CaseEvent",
    "CaseWatch",
    "DecisionReason",
    "DeskPreference",
    "DeskRules",
    "Grade",
    "LocationChange",
    "LocationImport",
    "LocationImportRow",
    "Macro",
    "Notice",
    "Package",
    "Parcel",
    "ParcelItem",
    "ParcelMatch",
    "Photo",
    "Playbook",
    "ReceiptLine",
    "RefundLimit",
    "ReturnLocation",
    "Rma",
    "RmaEvent",
    "RmaItem",
    "RmaQuerySet",
    "SavedView",
    "Scan",
    "SearchToken",
    "Transaction",
    "Viewing",
    "WorkCount",
]
