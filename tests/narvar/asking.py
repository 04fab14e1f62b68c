"""What people ask of Narvar besides approvals, and small looks at what became of it."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.accounts.permissions import Role
from returns_ops.messaging.models import Command
from returns_ops.narvar import decisions, looking
from returns_ops.returns.models import ReturnLocation, Rma
from returns_ops.returns.orders import LocationOrder, ReturnLine, ReturnOrder
from returns_ops.returns.transitions import Confirmation
from tests.builders import make_staff
from tests.circle import Circle

# What a call meets: has Narvar acted, though no good answer came?
LOST = [
    ("act_then_reset", {}, True),
    ("status_after", {"status": 500}, True),
    ("lying_length", {}, True),
    ("reset_before", {}, False),
    ("status", {"status": 503}, False),
]
DOCK = {
    "name": "Dock",
    "address1": "1211 Main Road",
    "city": "Newark",
    "state": "New Jersey",
    "state_code": "NJ",
    "postal_code": "07114",
    "country": "United States",
    "country_code": "US",
    "latitude": Decimal("40.73"),
    "longitude": Decimal("-74.17"),
    "phone": "+14155555555",
    "accepts_in_store": False,
    "accepts_mail": True,
}


def staff(circle: Circle, role: str) -> User:
    found = User.objects.filter(username=role).first()
    return found or make_staff(role, circle.shop, role)


def tell(
    circle: Circle,
    rma: Rma,
    status: str | None = None,
    note: str | None = None,
    *,
    by: User | None = None,
    **more: Any,
) -> Command:
    version = circle.rma(rma.rma_number).version
    known = {"version": version, "submission_token": uuid.uuid4()}
    person = by or staff(circle, Role.AGENT)
    return decisions.tell_status(rma.pk, by=person, status=status, note=note, **{**known, **more})


def dock(**fields: Any) -> LocationOrder:
    return LocationOrder(**{**DOCK, **fields})


def sure(location: ReturnLocation | None) -> Confirmation:
    """What the person confirms before an address changes, or a location goes."""
    return Confirmation(rules_settled=True, typed_name=location.name if location else "")


def save(circle: Circle, location: ReturnLocation | None = None, **fields: Any) -> Command:
    return decisions.save_location(
        circle.shop,
        by=staff(circle, Role.LOCATION_ADMIN),
        order=dock(**fields),
        submission_token=uuid.uuid4(),
        location_id=location.pk if location else None,
        version=location.version if location else 0,
        confirmed=sure(location),
    )


def settle(circle: Circle, location: ReturnLocation, **choices: str) -> Command | None:
    return decisions.settle_location(
        location.pk,
        by=staff(circle, Role.LOCATION_ADMIN),
        version=location.version,
        submission_token=uuid.uuid4(),
        choices=choices,
        confirmed=sure(location),
    )


def remove(circle: Circle, location: ReturnLocation) -> Command | None:
    return decisions.remove_location(
        location.pk,
        by=staff(circle, Role.LOCATION_ADMIN),
        version=location.version,
        submission_token=uuid.uuid4(),
        confirmed=sure(location),
    )


def saved(circle: Circle, **fields: Any) -> ReturnLocation:
    """One that Narvar has, and we know it."""
    save(circle, **fields)
    circle.send()
    look()
    location = ReturnLocation.objects.latest("id")
    assert location.sync == ReturnLocation.Sync.IN_SYNC
    return location


def order(*lines: tuple[str, int], number: str = "20001") -> ReturnOrder:
    found = lines or (("gid://shopify/LineItem/1156296586054", 1),)
    return ReturnOrder(
        locale="en",
        shipping_method="ups",
        order_number=number,
        returns=tuple(
            ReturnLine(item_id=name, quantity=units, reason="Too big", reason_id="W6BW")
            for name, units in found
        ),
    )


def create(circle: Circle, wanted: ReturnOrder | None = None, **more: Any) -> Command:
    known = {"by": staff(circle, Role.AGENT), "submission_token": uuid.uuid4()}
    return decisions.create_return(circle.shop, order=wanted or order(), **{**known, **more})


def look(minutes: int = 0) -> None:
    """Look for what was accepted, so long ago."""
    since = Now() - timedelta(minutes=minutes)
    accepted = Command.objects.exclude(accepted_at=None)
    accepted.update(accepted_at=since, next_attempt_at=Now())
    looking.look_for_outcomes()


def calls(circle: Circle, operation: str) -> int:
    return len(circle.narvar.requests(operation=operation))
