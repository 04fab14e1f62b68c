"""What to do about a cause: a shop's own words, or those that come with the product."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.models import Playbook
from returns_ops.returns.states import Cause

DEFAULTS: dict[str, str] = {
    Cause.EXCEPTION: """\
1. Read Narvar's error. Does it name an item, the payment, or the address?
2. Look at the transactions: has money moved already?
3. If the goods are here and nothing was paid, approve with a refund. Narvar pays once.
4. If the same error comes again, handle it by hand, and send the error to Narvar's support.""",
    Cause.SHOPIFY_REFUND: """\
Somebody refunded by hand in Shopify before Narvar's automation ran. Narvar cannot tell which item \
the money was for, so its automation stopped.
1. Compare the amount in Shopify with the refund calculated here.
2. If all was paid, approve without refund: the return ends, and no money moves.
3. If part is missing, issue a partial refund of what is left.
Next time, in Shopify, before Narvar refunds:
- one refund for each item, and its reason is #SKU, such as #JACKET-M;
- a refund of the order as a whole has a reason without #;
- shipping goes into Shopify's own Shipping field;
- no reason begins with the word Narvar.""",
    Cause.OUT_OF_STOCK: """\
1. Look whether the item comes back into stock soon, and how long the stock is reserved.
2. Wait: snooze until that day. Or ask the customer for another size or colour.
3. Convert to a refund: approve with a refund. The exchange order is not made then.
4. A gift card or another item is arranged in Narvar itself.""",
    Cause.BY_HAND: """\
Narvar runs no automation for this return any more: no refund, no restock, no exchange order.
1. Find out who switched it off and why: the timeline and the notes say so.
2. Do in Shopify what the customer is owed, with the item as #SKU in the reason.
3. Approving here may move no money. Check the transactions afterwards.
4. Resolve the case with the Shopify reference.""",
    Cause.UNKNOWN_STATUS: """\
Narvar used a word for the status that is not in its documentation.
1. Look at the return in Narvar itself. 2. If it needs nothing, resolve the case.
3. Tell whoever looks after this tool: the word should be known here.""",
    Cause.BENCH: """\
The bench saw something it could not decide.
1. Look at the photos, the reason and the note.
2. Decide the units: good, no restock, rejected, not in this return.
3. If you need to know more, mention the receiver in a note, and snooze until something changes.""",
    Cause.REFUSED: """\
Narvar said no, in the words above. Nothing was done.
1. If the words name something of the return, look whether it changed since.
2. Try again: it is a new call, judged on the facts of now.
3. If it is refused again with the same words, handle it by hand.""",
    Cause.UNSETTLED: """\
We do not know whether Narvar acted. Do not pay by another way before you do.
1. Look at the transactions in Narvar and in Shopify.
2. If the money is there, it will confirm itself: snooze until something changes.
3. If it is not there after an hour, somebody else gives the decision up; then decide anew.""",
    Cause.MONEY_DIFFERS: """\
Narvar paid another amount than we asked for.
1. Compare both amounts with the fees and with what was received.
2. Too little: a partial refund of what is left. Too much: agree with the customer, and note it.
3. Tell Narvar's support the reference of our call.""",
    Cause.LATE_PARCEL: """\
The goods are here, and the return was cancelled.
1. Ask the customer: was it cancelled by mistake?
2. Send it back, or open the return again in Narvar and decide it then.
3. Note where the parcel is kept.""",
    Cause.DEAD_LETTER: """\
Narvar told us something of this return that could not be read or applied. What you see may be old.
1. Read the return from Narvar again. 2. Replay the event.
3. If it fails again, hand it to whoever looks after this tool.""",
    Cause.MYSTERY_PARCEL: """\
1. Look at the photos, the sender and the items.
2. Search by name, e-mail, order and SKU; the ranked guesses are on the parcel's page.
3. Match it to its return, create one for the customer, or close it with a reason.""",
    Cause.AUTOMATION_ENDING: """\
When the time is over, Narvar does no longer refund, restock or keep the exchange's stock by itself.
1. Decide the return now, if the goods are here.
2. If it cannot be decided, note why. Afterwards it has to be approved, or done by hand.""",
}


@dataclass(frozen=True, kw_only=True)
class PlaybookText:
    """`number` is the edit it is (0: the text that comes with the product)."""

    text: str
    number: int
    of_group: bool
    by: User | None = None
    at: datetime | None = None

    @property
    def is_default(self) -> bool:
        return self.by is None


def playbook_of(shop: Shop, cause: str, fingerprint: str = "") -> PlaybookText:
    """Of the group, if it has one; else of the cause. One query."""
    edits = Playbook.objects.filter(shop=shop, cause=cause, fingerprint__in={fingerprint, ""})
    newest: dict[str, Playbook] = {}
    for edit in edits.select_related("by").order_by("number"):
        newest[edit.fingerprint] = edit
    for key in dict.fromkeys([fingerprint, ""]):
        found = newest.get(key)
        if found is not None and found.text:
            return PlaybookText(
                text=found.text,
                number=found.number,
                of_group=bool(key),
                by=found.by,
                at=found.at,
            )
    return PlaybookText(text=DEFAULTS.get(cause, ""), number=0, of_group=False)


def number_of(shop: Shop, cause: str, fingerprint: str = "") -> int:
    """The last edit of just this text; an edit has to name it."""
    last = history_of(shop, cause, fingerprint).first()
    return last.number if last else 0


def history_of(shop: Shop, cause: str, fingerprint: str = "") -> QuerySet[Playbook]:
    """Every edit, the newest first."""
    edits = Playbook.objects.filter(shop=shop, cause=cause, fingerprint=fingerprint)
    return edits.select_related("by").order_by("-number")
