"""The desk's own texts: playbooks, saved views, macros and how one wants to hear from it."""

from django.db import transaction

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, User
from returns_ops.messaging import locks
from returns_ops.returns.models import DeskPreference, Playbook, SavedView
from returns_ops.returns.playbooks import history_of
from returns_ops.returns.states import Cause
from returns_ops.returns.transitions.approval import Refused, Stale
from returns_ops.returns.transitions.desk import permit_desk
from returns_ops.returns.working_hours import zone_is_known

LONGEST = 8000
MOST_VIEWS = 50


class PlaybookDiverged(Stale):
    """Somebody saved another text meanwhile: both are here, and nothing was saved."""

    def __init__(self, last: Playbook, *, yours: str) -> None:
        super().__init__("Somebody changed this playbook while you wrote. Bring both together.")
        self.theirs, self.yours, self.number = last.text, yours, last.number


@transaction.atomic
def edit_playbook(
    shop: Shop, cause: str, text: str, *, by: User, number: int, fingerprint: str = ""
) -> Playbook:
    """`number` is the edit that was on the screen. An empty text goes back to the default."""
    permit_desk(by, shop)
    text = text.strip()
    if cause not in Cause.values or len(fingerprint) > 16:
        raise Refused("There is no such cause.")
    if len(text) > LONGEST:
        raise Refused(f"A playbook has at most {LONGEST} characters.")
    locks.wait_for(f"playbook {shop.pk} {cause} {fingerprint}")
    last = history_of(shop, cause, fingerprint).first()
    if last is not None and last.number != number:
        raise PlaybookDiverged(last, yours=text)
    if last is not None and last.text == text:
        return last
    made = Playbook.objects.create(
        shop=shop, cause=cause, fingerprint=fingerprint, number=number + 1, text=text, by=by
    )
    audit.record("playbook.edited", f"{cause} {fingerprint}".strip(), shop=shop, actor=by)
    return made


@transaction.atomic
def save_view(name: str, query: str, *, by: User, shop: Shop | None = None) -> SavedView:
    """Under that name, in place of an older one of theirs; with `shop`, for all of its desk."""
    name, query = " ".join(name.split())[:60], query.strip().lstrip("?")
    if not name:
        raise Refused("Give the view a name.")
    if len(query) > 500:
        raise Refused("This view is too long to keep.")
    if shop is not None:
        permit_desk(by, shop)
    locks.wait_for(f"views of {by.pk}")
    own = SavedView.objects.filter(owner=by)
    if not own.filter(name=name).exists() and own.count() >= MOST_VIEWS:
        raise Refused(f"You have {MOST_VIEWS} views already. Remove one first.")
    view, _ = SavedView.objects.update_or_create(
        owner=by, name=name, defaults={"query": query, "shop": shop}
    )
    return view


def remove_view(view_id: int, *, by: User) -> bool:
    """Only one's own; False: it was not."""
    return bool(SavedView.objects.filter(pk=view_id, owner=by).delete()[0])


@transaction.atomic
def save_desk_preference(
    user: User, *, digest: bool, hour: int = 7, timezone: str = "UTC"
) -> DeskPreference:
    """Whether and when this person gets the daily e-mail."""
    if not 0 <= hour <= 23:
        raise Refused("Choose an hour from 0 to 23.")
    if not zone_is_known(timezone):
        raise Refused(f"{timezone} is not a time zone we know.")
    if digest and not user.email:
        raise Refused("There is no e-mail address in your account to write to.")
    row, _ = DeskPreference.objects.update_or_create(
        user=user, defaults={"digest": digest, "digest_hour": hour, "timezone": timezone}
    )
    return row
