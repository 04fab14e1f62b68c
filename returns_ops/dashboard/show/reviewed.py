"""Which cases a person looked at before they said yes, and in which state: bound to the yes."""

from dataclasses import dataclass

from django.core import signing

from returns_ops.accounts.models import User
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.desk import Asked
from returns_ops.narvar import bulk
from returns_ops.returns.models import Case

SALT = "cases reviewed"
DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Reviewed:
    """case → (its version, its return's version), in the order of the list."""

    code: str
    by: int
    seen: dict[int, bulk.Versions]

    @classmethod
    def of(cls, cases: bulk.Cases, code: str, by: User) -> "Reviewed":
        rows = cases.order_by("rank_at", "id").values_list("pk", "version", "rma__version")
        found = rows[: bulk.MOST + 1]
        return cls(code=code, by=by.pk, seen={pk: (of, rma) for pk, of, rma in found})

    @classmethod
    def read(cls, text: str, code: str, by: User) -> "Reviewed | None":
        """None: not ours, too old, or of another person or action."""
        try:
            signed_code, signed_by, rows = signing.loads(text, salt=SALT, max_age=DAY)
        except (signing.BadSignature, ValueError):
            return None
        if (signed_code, signed_by) != (code, by.pk):
            return None
        return cls(code=code, by=by.pk, seen={pk: (of, rma) for pk, of, rma in rows})

    def signed(self) -> str:
        rows = [[pk, *versions] for pk, versions in self.seen.items()]
        return signing.dumps([self.code, self.by, rows], salt=SALT, compress=True)

    def page(self, access: Access, asked: Asked, start: int, number: int) -> list[Case]:
        """As they are now, in the order of the list."""
        wanted = list(self.seen)[start : start + number]
        found = Case.objects.filter(pk__in=wanted, shop__in=asked.shops_of(access))
        cases = found.select_related("shop", "rma", "parcel", "owner").in_bulk()
        return [cases[pk] for pk in wanted if pk in cases]
