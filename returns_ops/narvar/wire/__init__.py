"""Narvar's JSON and our types: a tolerant reader, strict writers. Pure."""

from returns_ops.narvar.wire.answer import ReturnsPage, parse_answer
from returns_ops.narvar.wire.approval import write_approval
from returns_ops.narvar.wire.decode import named_rma
from returns_ops.narvar.wire.location import write_location
from returns_ops.narvar.wire.location_answer import parse_location, parse_locations
from returns_ops.narvar.wire.new_return import write_return
from returns_ops.narvar.wire.new_return_answer import parse_new_return
from returns_ops.narvar.wire.reading import parse, parse_document
from returns_ops.narvar.wire.shipment_status import WireRequest, place, write_shipment_status
from returns_ops.narvar.wire.unreadable import Unreadable
from returns_ops.returns.snapshot import RmaSnapshot

__all__ = [
    "ReturnsPage",
    "RmaSnapshot",
    "Unreadable",
    "WireRequest",
    "named_rma",
    "parse",
    "parse_answer",
    "parse_document",
    "parse_location",
    "parse_locations",
    "parse_new_return",
    "place",
    "write_approval",
    "write_location",
    "write_return",
    "write_shipment_status",
]
