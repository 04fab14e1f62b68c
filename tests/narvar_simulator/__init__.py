"""Narvar's Shopify RMA API as seen from outside.

Standard library only, and nothing of the dashboard's own code: what one side misreads, the other
must not misread with it.
"""

from tests.narvar_simulator.control_client import ControlClient
from tests.narvar_simulator.records import Attempt, Delivery, LedgerRow, Objection, RequestRecord
from tests.narvar_simulator.simulator import Simulator

__all__ = [
    "Attempt",
    "ControlClient",
    "Delivery",
    "LedgerRow",
    "Objection",
    "RequestRecord",
    "Simulator",
]
