from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.http import QueryDict

from returns_ops.accounts.models import Shop, User
from returns_ops.dashboard.show.words import METHODS
from returns_ops.returns.queues import Cursor, Wanted
from returns_ops.returns.states import Money, NarvarStatus, Work

ALL = "all"
TABS = [*Work.choices, (ALL, "All")]
DUE = {"late": timedelta(0), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
SINCE = {"1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
ANY = [("", "Any")]


if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
else:  # not generic while it runs
    UserForm = forms.ModelForm


class ApproveForm(forms.Form):
    refund = forms.TypedChoiceField(
        choices=[("1", "yes"), ("0", "no")], coerce=lambda value: value == "1"
    )
    version = forms.IntegerField(min_value=1)
    submission_token = forms.UUIDField()


class PreferencesForm(UserForm):
    class Meta:
        model = User
        fields = ["theme"]
        widgets = {"theme": forms.RadioSelect}


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "This user name and password do not match. Both are case-sensitive.",
        "inactive": "This account is switched off. A security admin can switch it on.",
    }


class RmaFilterForm(forms.Form):
    """What the address of a list asks for. A value it does not know is as good as none."""

    tab = forms.ChoiceField(choices=TABS, required=False, widget=forms.HiddenInput)
    q = forms.CharField(
        label="Find",
        required=False,
        max_length=255,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": "RMA, order, e-mail, tracking or SKU",
                "autocomplete": "off",
                "spellcheck": "false",
                "enterkeyhint": "search",
                "data-key": "/",
                "data-key-label": "Find a return",
            }
        ),
    )
    status = forms.ChoiceField(
        label="Status",
        required=False,
        choices=[*ANY, *NarvarStatus.choices, ("unknown", "A word we do not know")],
    )
    method = forms.ChoiceField(label="Method", required=False, choices=[*ANY, *METHODS.items()])
    money = forms.ChoiceField(label="Money", required=False, choices=[*ANY, *Money.choices])
    deadline = forms.ChoiceField(
        label="Deadline",
        required=False,
        choices=[
            *ANY,
            ("late", "Past"),
            ("24h", "Within 24 hours, or past"),
            ("7d", "Within 7 days, or past"),
        ],
    )
    since = forms.ChoiceField(
        label="Started",
        required=False,
        choices=[
            *ANY,
            ("1d", "In the last 24 hours"),
            ("7d", "In the last 7 days"),
            ("30d", "In the last 30 days"),
        ],
    )
    shop = forms.ChoiceField(label="Shop", required=False, widget=forms.HiddenInput)
    after = forms.CharField(required=False, widget=forms.HiddenInput)

    FILTERS = ("q", "shop", "status", "method", "money", "deadline", "since")
    SELECTS = ("status", "method", "money", "deadline", "since")

    def __init__(self, data: QueryDict, shops: list[Shop]) -> None:
        super().__init__(data, auto_id="%s", prefix=None)
        shop = self.fields["shop"]
        assert isinstance(shop, forms.ChoiceField)
        shop.choices = [*ANY, *((one.domain, one.domain) for one in shops)]
        self.is_valid()

    def value(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    @property
    def current_tab(self) -> str:
        return self.value("tab") or ALL

    @property
    def cursor(self) -> Cursor | None:
        return Cursor.parse(self.value("after"))

    def wanted(self, now: datetime) -> Wanted:
        due, since = self.value("deadline"), self.value("since")
        return Wanted(
            work="" if self.current_tab == ALL else self.current_tab,
            query=self.value("q").strip(),
            status=self.value("status"),
            method=self.value("method"),
            money=self.value("money"),
            due_before=now + DUE[due] if due else None,
            since=now - SINCE[since] if since else None,
        )

    def active(self) -> dict[str, str]:
        """The filters that narrow the list, without the tab."""
        return {name: self.value(name) for name in self.FILTERS if self.value(name)}

    def described(self, name: str) -> str:
        field = self.fields[name]
        value = self.value(name)
        if isinstance(field, forms.ChoiceField):
            choices: dict[str, Any] = dict(field.choices)  # type: ignore[arg-type]
            return f"{field.label}: {choices[value]}"
        return f"“{value}”"
