"""What the screens call: our decisions, written as Narvar will read them."""

import uuid
from collections.abc import Mapping
from decimal import Decimal

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import Command
from returns_ops.narvar import operations
from returns_ops.narvar.models import Connection
from returns_ops.returns import transitions
from returns_ops.returns.models import ReturnLocation, Rma
from returns_ops.returns.orders import LocationOrder, ReturnOrder
from returns_ops.returns.plan import Rest
from returns_ops.returns.policy import Verdict
from returns_ops.returns.rules import rules_of
from returns_ops.returns.states import NarvarStatus, Receipt
from returns_ops.returns.transitions import Confirmation, Source

BEFORE_RECEIVED = {NarvarStatus.INITIATED, NarvarStatus.ON_ITS_WAY, NarvarStatus.DELIVERED}
NOTHING_CONFIRMED = Confirmation()
ONCE = uuid.UUID("7d0f6b1c-51a5-5f0e-8f0b-3c4f0f0d2b9e")


def approve(
    rma_id: int,
    *,
    by: User,
    refund: bool,
    version: int,
    submission_token: uuid.UUID,
    rest: Rest = Rest.AS_EXPECTED,
    partial_amount: Decimal | None = None,
    reason: str = "",
    note: str = "",
    ask: bool = False,
) -> Command:
    """Owe Narvar the decision of what the bench entered, and `rest` for what it did not.

    Raises transitions.Refused with a sentence for the person (Stale when the RMA has changed
    since `version`, NeedsSecondPerson when it can only be asked for, with `ask`); the same
    submission token again returns the same command.
    """
    link = _link(shop__rmas=rma_id)
    approval = transitions.Approval(
        rma_id=rma_id,
        by=by,
        refund=refund,
        version=version,
        submission_token=submission_token,
        auto_approve=link.auto_approve,
        rest=rest,
        partial_amount=partial_amount,
        reason=reason,
        note=note,
        ask=ask,
    )
    return transitions.approve(approval, write=operations.approval)


def undo(command_id: int, *, by: User) -> Command:
    """Take a decision back while it is held; raises transitions.Refused when too late."""
    return transitions.undo(command_id, by=by)


def put_on_hold(command_id: int, *, by: User) -> Command:
    """Stop the clock of a held decision; raises transitions.Refused when too late."""
    return transitions.put_on_hold(command_id, by=by)


def release_hold(command_id: int, *, by: User) -> Command:
    """Send a held decision now; raises transitions.Refused when too late."""
    return transitions.release_hold(command_id, by=by)


def approve_request(command_id: int, *, by: User) -> Command:
    """Let a colleague's request be sent. Raises transitions.Refused with a sentence.

    A request that is not as it was asked for ends instead: then `by` is not its `approved_by`,
    and its `problem` says why.
    """
    return transitions.approve_request(command_id, by=by)


def send_back(command_id: int, *, by: User, why: str) -> Command:
    """Do not approve a colleague's request; raises transitions.Refused with a sentence."""
    return transitions.send_back(command_id, by=by, why=why)


def call_off(command_id: int, *, by: User) -> Command:
    """Cancel any command that no try can have carried out; raises transitions.Refused if not."""
    return transitions.call_off(command_id, by=by)


def send_as_new(command_id: int, *, by: User, reason: str, submission_token: uuid.UUID) -> Command:
    """Owe Narvar a refused or given up decision once more, under a new reference.

    Raises transitions.Refused with a sentence; the same token again returns the same command.
    """
    anew = _anew(command_id, by=by, reason=reason, submission_token=submission_token)
    return transitions.send_as_new(anew, write=operations.approval)


def preview_as_new(command_id: int, *, by: User) -> Verdict:
    """What that would do now; raises transitions.Refused with a sentence where it cannot be."""
    anew = _anew(command_id, by=by, reason="", submission_token=uuid.uuid4())
    return transitions.preview_as_new(anew, write=operations.approval)


def _anew(
    command_id: int, *, by: User, reason: str, submission_token: uuid.UUID
) -> transitions.Anew:
    return transitions.Anew(
        command_id=command_id,
        by=by,
        reason=reason,
        submission_token=submission_token,
        auto_approve=_link(shop__commands=command_id).auto_approve,
    )


def tell_status(
    rma_id: int,
    *,
    by: User,
    status: str | None,
    note: str | None = None,
    version: int,
    submission_token: uuid.UUID,
) -> Command:
    """Owe Narvar a status, a note, or both; raises as `approve` does.

    What it may set off is said beforehand by `transitions.preview_status`.
    """
    link = _link(shop__rmas=rma_id)
    telling = transitions.Telling(
        rma_id=rma_id,
        by=by,
        status=status,
        note=note,
        version=version,
        submission_token=submission_token,
    )
    return transitions.tell_status(telling, write=operations.shipment_status(link))


def tell_received(rma_id: int, *, by: User) -> Command | None:
    """Where the shop wants it: all is here, so Narvar hears that it was received. Once."""
    rma = Rma.objects.select_related("shop").get(pk=rma_id)
    if rma.receipt != Receipt.RECEIVED or rma.narvar_status not in BEFORE_RECEIVED:
        return None
    if not rules_of(rma.shop).tell_received:
        return None
    try:
        return tell_status(
            rma_id,
            by=by,
            status=NarvarStatus.RECEIVED.value,
            version=rma.version,
            submission_token=uuid.uuid5(ONCE, f"{rma.shop.domain}|{rma.rma_number}|received"),
        )
    except transitions.Refused:
        # A decision is under way, or somebody changed it meanwhile: it says more than this.
        return None


def save_location(
    shop: Shop,
    *,
    by: User,
    order: LocationOrder,
    submission_token: uuid.UUID,
    location_id: int | None = None,
    version: int = 0,
    confirmed: Confirmation = NOTHING_CONFIRMED,
    source: Source = Source.HERE,
) -> Command:
    """Owe Narvar a location, whole: a new one, or ours with that id as `version` showed it.

    Raises transitions.NeedsConfirmation when its address changes and that was not `confirmed`.
    """
    saving = transitions.Saving(
        shop=shop,
        order=order,
        act=_act(by, submission_token, source, confirmed),
        location_id=location_id,
        version=version,
    )
    return transitions.save_location(saving, write=operations.location(_link(shop=shop)))


def remove_location(
    location_id: int,
    *,
    by: User,
    version: int,
    submission_token: uuid.UUID,
    confirmed: Confirmation = NOTHING_CONFIRMED,
    source: Source = Source.HERE,
) -> Command | None:
    """Owe Narvar the removal; None when Narvar does not have it, and it is gone at once.

    Raises transitions.NeedsConfirmation when Narvar has it and that was not `confirmed`.
    """
    removal = transitions.Removal(
        location_id=location_id,
        act=_act(by, submission_token, source, confirmed),
        version=version,
    )
    _link(shop__return_locations=location_id)
    return transitions.remove_location(removal, write=operations.location_removal)


def settle_location(
    location_id: int,
    *,
    by: User,
    version: int,
    submission_token: uuid.UUID,
    choices: Mapping[str, str],
    confirmed: Confirmation = NOTHING_CONFIRMED,
    source: Source = Source.HERE,
) -> Command | None:
    """`choices`: "ours" or "theirs" for each field that `compare` lists, or for "gone".

    None: nothing of ours was kept, so there is nothing to send.
    """
    settling = transitions.Settling(
        location_id=location_id,
        act=_act(by, submission_token, source, confirmed),
        version=version,
        choices=choices,
    )
    link = _link(shop__return_locations=location_id)
    return transitions.settle_location(settling, write=operations.location(link))


def restore_location(
    location_id: int,
    change_id: int,
    *,
    by: User,
    version: int,
    submission_token: uuid.UUID,
    confirmed: Confirmation = NOTHING_CONFIRMED,
    source: Source = Source.HERE,
) -> Command:
    """An earlier version of it, out of its history, as a new edit."""
    restoring = transitions.Restoring(
        location_id=location_id,
        change_id=change_id,
        act=_act(by, submission_token, source, confirmed),
        version=version,
    )
    link = _link(shop__return_locations=location_id)
    return transitions.restore_location(restoring, write=operations.location(link))


def link_location(
    location_id: int, other_id: str, *, by: User, version: int, source: Source = Source.HERE
) -> ReturnLocation:
    """Parcels that name this id are known to go there. Nothing is sent."""
    return transitions.link_location(_linking(location_id, other_id, by, version, source))


def unlink_location(
    location_id: int, other_id: str, *, by: User, version: int, source: Source = Source.HERE
) -> ReturnLocation:
    return transitions.unlink_location(_linking(location_id, other_id, by, version, source))


def _linking(
    location_id: int, other_id: str, by: User, version: int, source: Source
) -> transitions.Linking:
    act = _act(by, uuid.uuid4(), source, NOTHING_CONFIRMED)
    return transitions.Linking(location_id=location_id, act=act, version=version, other_id=other_id)


def _act(
    by: User, submission_token: uuid.UUID, source: Source, confirmed: Confirmation
) -> transitions.Act:
    return transitions.Act(
        by=by, submission_token=submission_token, source=source, confirmed=confirmed
    )


def create_return(
    shop: Shop, *, by: User, order: ReturnOrder, submission_token: uuid.UUID
) -> Command:
    """Owe Narvar a new return. Narvar buys a label for it."""
    _link(shop=shop)
    creation = transitions.Creation(
        shop=shop, by=by, order=order, submission_token=submission_token
    )
    return transitions.create_return(creation, write=operations.new_return)


def _link(**of: int | Shop) -> Connection:
    link = Connection.objects.filter(**of).first()
    if link is None:
        raise transitions.Refused("This shop is not connected to Narvar, so nothing can be sent.")
    return link
