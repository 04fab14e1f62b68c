"""Whether, when and in which zone a person wants the day of the desk by e-mail."""

from typing import Self

from django import forms
from django.http import QueryDict

from returns_ops.dashboard.access import Access
from returns_ops.returns.models import DeskPreference

HOURS = [(hour, f"{hour}:00") for hour in range(24)]


class DigestForm(forms.Form):
    digest = forms.BooleanField(required=False)
    hour = forms.TypedChoiceField(label="At", choices=HOURS, coerce=int)
    timezone = forms.ChoiceField(label="In the time of")

    def __init__(self, data: QueryDict | None, known: DeskPreference, zones: list[str]) -> None:
        initial = {"digest": known.digest, "hour": known.digest_hour, "timezone": known.timezone}
        super().__init__(data, initial=initial, auto_id="digest-%s")
        zone = self.fields["timezone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = [(name, name.replace("_", " ")) for name in zones]

    @classmethod
    def of(cls, access: Access, data: QueryDict | None = None) -> Self:
        """As their row has it, or switched off; in the zones of their shops."""
        known = DeskPreference.objects.filter(user=access.user).first()
        shops = {membership.shop.timezone for membership in access.memberships}
        own = known or DeskPreference(user=access.user, timezone=min(shops, default="UTC"))
        return cls(data, own, sorted({"UTC", own.timezone, *shops}))
