"""The five fields of an RMA's state, and the one pure function that names its queue."""

from dataclasses import dataclass

from django.db import models


class NarvarStatus(models.TextChoices):
    """What Narvar is known to say. The stored field is open text: unknown words are shown."""

    INITIATED = "initiated", "Started by customer"
    ON_ITS_WAY = "on_its_way_to_retailer", "On its way"
    DELIVERED = "delivered_to_retailer", "Arrived"
    RECEIVED = "received_by_retailer", "Received"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    CANCELLED_BY_RETAILER = "cancelled_by_retailer", "Cancelled by us"
    CANCELLED_BY_USER = "cancelled_by_user", "Cancelled by customer"
    EXCEPTION = "exception", "Exception"
    OUT_OF_STOCK = "out_of_stock_exception", "Out of stock"
    BY_HAND = "resolve_manually_without_automation", "Handle by hand"


def label_of(narvar_status: str) -> str:
    """Narvar's status as a person says it; a word we do not know is shown as it came."""
    if narvar_status in NarvarStatus.values:
        return str(NarvarStatus(narvar_status).label)
    return f"{narvar_status} (unknown)"


CANCELLED = {NarvarStatus.CANCELLED_BY_RETAILER, NarvarStatus.CANCELLED_BY_USER}
TERMINAL = CANCELLED | {NarvarStatus.APPROVED, NarvarStatus.REJECTED}
EXCEPTIONAL = {NarvarStatus.EXCEPTION, NarvarStatus.OUT_OF_STOCK, NarvarStatus.BY_HAND}


class Receipt(models.TextChoices):
    EXPECTED = "expected", "Expected"
    ARRIVED = "arrived", "Arrived"
    PARTLY_RECEIVED = "partly_received", "Partly received"
    RECEIVED = "received", "Received"
    NOT_RECEIVED = "not_received", "Not received"


class Decision(models.TextChoices):
    """Our outcome for a quantity of an item, in Narvar's seven words."""

    APPROVED = "approved", "Good, restock"
    APPROVED_NO_RESTOCK = "approved_no_restock", "Refund, do not restock"
    REJECTED = "rejected", "Reject"
    NOT_RECEIVED = "not_received", "Missing"
    EXCEPTION = "exception", "Needs a person"
    INVALID_ITEM = "invalid_item", "Not in this return"
    CLAIM = "claim", "Claim (after the fact)"


class Money(models.TextChoices):
    NONE = "none", "Nothing sent"
    NEEDS_APPROVAL = "needs_approval", "Needs approval"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    OUTCOME_UNKNOWN = "outcome_unknown", "Outcome unknown, checking"
    ACCEPTED = "accepted", "Accepted by Narvar"
    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"
    MOVED_ELSEWHERE = "moved_elsewhere", "Moved outside this tool"


class Work(models.TextChoices):
    TO_RECEIVE = "to_receive", "To receive"
    TO_INSPECT = "to_inspect", "To inspect"
    TO_DECIDE = "to_decide", "To decide"
    NEEDS_APPROVAL = "needs_approval", "Needs approval"
    EXCEPTION = "exception", "Exceptions"
    WAITING = "waiting", "Waiting for Narvar"
    DONE = "done", "Done"


NOTHING_ARRIVES = {"keep_the_item", "in_store"}
# A command in these states, by its own words (messaging.CommandState).
ON_ITS_WAY_OUT = {"queued", "sending", "outcome_unknown"}
IN_TROUBLE = {"refused", "attention"}


@dataclass(frozen=True)
class Standing:
    """What the queue of an RMA depends on."""

    narvar_status: str
    receipt: str = Receipt.EXPECTED
    command_state: str = ""  # of the newest command that was not undone
    return_method: str = ""
    decided: bool = False  # every unit carries a decision
    unfinished: bool = False  # the bench has begun, and units are left to decide or to tell
    overdue: bool = False  # accepted, and the evidence is late or wrong


def work_of(standing: Standing) -> Work:
    """The queue an RMA stands in. Trouble comes first: it is what a person must see."""
    state, status = standing.command_state, standing.narvar_status
    if state == "needs_approval":
        return Work.NEEDS_APPROVAL
    if state in ON_ITS_WAY_OUT:
        return Work.WAITING
    if state in IN_TROUBLE or status in EXCEPTIONAL or status not in NarvarStatus.values:
        return Work.EXCEPTION
    if state == "accepted" and (standing.overdue or not standing.unfinished):
        return Work.EXCEPTION if standing.overdue else Work.WAITING
    came = standing.receipt not in (Receipt.EXPECTED, Receipt.NOT_RECEIVED)
    if status in CANCELLED and came:
        return Work.EXCEPTION
    if status in TERMINAL or (state == "confirmed" and not standing.unfinished):
        return Work.DONE
    return _bench_queue(standing)


def _bench_queue(standing: Standing) -> Work:
    if standing.decided or standing.return_method in NOTHING_ARRIVES:
        return Work.TO_DECIDE
    if standing.receipt in (Receipt.RECEIVED, Receipt.PARTLY_RECEIVED):
        return Work.TO_INSPECT
    if standing.receipt == Receipt.NOT_RECEIVED:
        return Work.TO_DECIDE
    if standing.narvar_status in (NarvarStatus.DELIVERED, NarvarStatus.RECEIVED):
        return Work.TO_DECIDE
    return Work.TO_RECEIVE


class Cause(models.TextChoices):
    """Why a person must look. The value names the rule in `causes.py` that opens a case."""

    EXCEPTION = "exception", "Exception at Narvar"
    SHOPIFY_REFUND = "shopify_refund", "Refunded in Shopify"
    OUT_OF_STOCK = "out_of_stock", "Exchange out of stock"
    BY_HAND = "by_hand", "To handle by hand"
    UNKNOWN_STATUS = "unknown_status", "Unknown status"
    BENCH = "bench", "The bench needs a person"
    REFUSED = "refused", "Narvar refused"
    UNSETTLED = "unsettled", "Outcome not settled"
    MONEY_DIFFERS = "money_differs", "Money differs"
    LATE_PARCEL = "late_parcel", "Came after cancelling"
    DEAD_LETTER = "dead_letter", "News that failed"
    MYSTERY_PARCEL = "mystery_parcel", "Parcel nobody can place"
    AUTOMATION_ENDING = "automation_ending", "Automation about to end"


class CaseState(models.TextChoices):
    OPEN = "open", "Open"
    SNOOZED = "snoozed", "Snoozed"
    RESOLVED = "resolved", "Resolved"


class Language(models.TextChoices):
    """In which a customer can be written to."""

    ENGLISH = "en", "English"
    GERMAN = "de", "Deutsch"
    FRENCH = "fr", "Français"
    SPANISH = "es", "Español"
