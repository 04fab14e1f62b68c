"""Who else has a return, or a parcel, on the screen. A hint between people: it decides nothing."""

from datetime import timedelta

from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.returns.models import Parcel, Rma, Viewing

# Two rounds of the page's own asking, every 15 s: one lost request makes nobody vanish.
LIFE = timedelta(seconds=30)
KEPT = timedelta(days=1)


def be_here(thing: Rma | Parcel, user: User, *, editing: bool) -> None:
    """One statement, however often it comes."""
    name = _name_of(thing)
    Viewing.objects.bulk_create(
        [Viewing(**{name: thing}, user=user, editing=editing, seen_at=Now())],
        update_conflicts=True,
        unique_fields=[name, "user"],
        update_fields=["editing", "seen_at"],
    )


def _name_of(thing: Rma | Parcel) -> str:
    return "rma" if isinstance(thing, Rma) else "parcel"


def others(thing: Rma | Parcel, user: User) -> list[Viewing]:
    """The people of the last half minute but this one, each with `user`; writers first."""
    of_it = {_name_of(thing): thing}
    recent = Viewing.objects.filter(**of_it, seen_at__gt=Now() - LIFE).exclude(user=user)
    recent = recent.select_related("user").order_by("-editing", "user__username")
    names = ("username", "first_name", "last_name")
    return list(recent.only("editing", *(f"user__{name}" for name in names)))


def forget_old() -> int:
    """How many rows were from more than a day ago."""
    return Viewing.objects.filter(seen_at__lt=Now() - KEPT).delete()[0]
