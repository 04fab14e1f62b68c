"""Narvar's JSON and our types: a tolerant reader, strict writers. Pure."""

from returns_ops.returns.snapshot import RmaSnapshot

from .answer import ReturnsPage, parse_answer
from .approval import write_approval
from .location import write_location
from .new_return import write_return
from .reading import parse, parse_document
from .shipment_status import WireRequest, write_shipment_status
from .unreadable import Unreadable

__all__ = [
    "ReturnsPage",
    "RmaSnapshot",
    "Unreadable",
    "WireRequest",
    "parse",
    "parse_answer",
    "parse_document",
    "write_approval",
    "write_location",
    "write_return",
    "write_shipment_status",
]
