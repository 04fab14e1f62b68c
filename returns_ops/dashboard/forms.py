from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.http import QueryDict

from returns_ops.accounts.models import Shop, User
from returns_ops.dashboard.htmx import StaffRequest
from returns_ops.dashboard.show.formats import decimal_of, money, zone_of
from returns_ops.dashboard.show.words import METHODS
from returns_ops.messaging.models import Command, Event
from returns_ops.messaging.replay import Selection
from returns_ops.returns.plan import Rest
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
    """`refund` is yes, no, or ask: yes, once a second person approves."""

    refund = forms.ChoiceField(choices=[("1", "yes"), ("0", "no"), ("ask", "ask")])
    version = forms.IntegerField(min_value=1)
    submission_token = forms.UUIDField()
    rest = forms.TypedChoiceField(choices=Rest.choices, coerce=Rest, required=False)

    def wanted(self) -> dict[str, Any]:
        """As narvar.decisions.approve takes it."""
        given = self.cleaned_data
        return {
            "refund": given["refund"] != "0",
            "ask": given["refund"] == "ask",
            "version": given["version"],
            "submission_token": given["submission_token"],
            "rest": given["rest"] or Rest.AS_EXPECTED,
        }


class ScanForm(forms.Form):
    """One scan: the code, and what the person has on the screen."""

    code = forms.CharField(max_length=5_000, required=False, strip=False)
    scan_id = forms.UUIDField(required=False)
    rma = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    decision = forms.ChoiceField(
        required=False,
        choices=[
            (one, one) for one in ("approved", "approved_no_restock", "rejected", "exception")
        ],
    )


class NoteForm(forms.Form):
    note = forms.CharField(max_length=500)
    version = forms.IntegerField(min_value=1)
    submission_token = forms.UUIDField()


class ReasonForm(forms.Form):
    """Whoever stops or starts something says why."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        error_messages={"required": "Say why: it is kept with your name."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class GiveUpForm(ReasonForm):
    """The amount is typed, so that nobody pays twice by a habit of the hand."""

    amount = forms.CharField(
        label="Amount",
        max_length=40,
        error_messages={"required": "Type the amount that may be paid a second time."},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, data: QueryDict | None, command: Command) -> None:
        super().__init__(data)
        self.command = command
        if not command.moves_money:
            del self.fields["amount"]

    def clean_amount(self) -> Decimal:
        typed = str(self.cleaned_data["amount"]).upper().replace(self.command.currency, "")
        amount = decimal_of(typed.replace(",", "").replace(" ", ""))
        if amount is None or amount != self.command.amount:
            asked = money(self.command.amount, self.command.currency)
            raise forms.ValidationError(f"This is not the amount of the decision, {asked}.")
        return amount


class SendAsNewForm(GiveUpForm):
    """Sent twice, the form is one command."""

    submission_token = forms.UUIDField(widget=forms.HiddenInput)


class AskForm(forms.Form):
    """What to ask Narvar for, and for which of the person's shops."""

    q = forms.CharField(max_length=255)
    shop = forms.ChoiceField()

    def __init__(self, data: QueryDict, shops: list[Shop]) -> None:
        super().__init__(data)
        offer(self.fields["shop"], shops)


class ReplayForm(forms.Form):
    """Which events are to be applied once more. Times are the shop's own."""

    TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

    shop = forms.ChoiceField()
    event = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    reason = forms.CharField(required=False, max_length=64)
    since = forms.DateTimeField(required=False, input_formats=TIMES)
    until = forms.DateTimeField(required=False, input_formats=TIMES)

    def __init__(self, data: QueryDict, shops: list[Shop]) -> None:
        super().__init__(data)
        self.shops = {shop.domain: shop for shop in shops}
        offer(self.fields["shop"], shops)

    def clean(self) -> dict[str, Any]:
        clean: dict[str, Any] = self.cleaned_data
        since, until = clean.get("since"), clean.get("until")
        if any(at and not 2015 <= at.year < 9999 for at in (since, until)):
            raise forms.ValidationError("There was no event in that year.")
        if since and until and until <= since:
            raise forms.ValidationError("The end of the time is not after its beginning.")
        if until and not since:
            raise forms.ValidationError("Say when the time begins.")
        return clean

    @property
    def names_events(self) -> bool:
        return any(self.data.get(name) for name in ("event", "reason", "since", "until"))

    def selection(self) -> Selection:
        clean = self.cleaned_data
        shop = self.shops[clean["shop"]]
        zone = zone_of(shop.timezone)
        since, until = (
            at.replace(tzinfo=zone) if at else None for at in (clean["since"], clean["until"])
        )
        event = Event(pk=clean["event"]) if clean["event"] else None
        return Selection(shop=shop, event=event, reason=clean["reason"], since=since, until=until)


def offer(field: forms.Field, shops: list[Shop]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = [(shop.domain, shop.domain) for shop in shops]


class PreferencesForm(UserForm):
    class Meta:
        model = User
        fields = ["theme"]
        widgets = {"theme": forms.RadioSelect}


class PasswordForm(forms.Form):
    """The person at the screen shows that they are who is logged in. Wrong ones count as at the
    login, and lock as there."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        error_messages={"required": "Enter your password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: StaffRequest) -> None:
        super().__init__(request.POST if request.method == "POST" else None)
        self.request = request

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        name = self.request.user.get_username()
        if authenticate(self.request, username=name, password=password) is None:
            raise forms.ValidationError("This is not your password.")
        return password


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
