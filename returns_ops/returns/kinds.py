"""The kinds of call we owe Narvar. What may be repeated is said in narvar/operations.py."""

from enum import StrEnum


class Kind(StrEnum):
    APPROVAL = "approval"
    SHIPMENT_STATUS = "shipment_status"
    SHIPMENT_NOTE = "shipment_note"  # a note to append, alone or with a status
    CREATE_RETURN = "create_return"
    CREATE_LOCATION = "create_location"
    UPDATE_LOCATION = "update_location"
    DELETE_LOCATION = "delete_location"


TELLINGS = frozenset({Kind.SHIPMENT_STATUS, Kind.SHIPMENT_NOTE})
OF_LOCATIONS = frozenset({Kind.CREATE_LOCATION, Kind.UPDATE_LOCATION, Kind.DELETE_LOCATION})
# Their subject is an RMA number.
OF_RMAS = TELLINGS | {Kind.APPROVAL}
