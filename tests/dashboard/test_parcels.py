"""A box without a known return: registered, corrected, looked after, closed."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.dashboard.parcel_forms import read_line
from returns_ops.returns.models import (
    Parcel,
    Rma,
)
from returns_ops.returns.transitions import parcels
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.matching import Match, Share, match_parcel
from returns_ops.returns.transitions.parcels import AlreadyThere, Description
from returns_ops.returns.transitions.receiving import Bench
from tests.builders import (
    give_role,
    make_parcel,
    make_shop,
    make_staff,
)
from tests.dashboard.shelf import (
    described,
    everything,
    fresh,
    item_of,
    left_in,
)

pytestmark = pytest.mark.usefixtures("media")


# Registering


def test_a_box_is_registered_with_what_is_to_be_seen(
    wandas_client: Client, wanda: User, shop: Shop
) -> None:
    form = described(
        shop,
        carrier="UPS",
        origin_postal_code="01810",
        origin_country="US",
        items="JACKET-M\njacket-m\n2 × CAP-1\nX-9 x 3\n",
        text="A slip with “Jane”",
    )

    answer = wandas_client.post(reverse("parcel_new"), form)

    parcel = Parcel.objects.get()
    assert answer["Location"] == parcel.get_absolute_url()
    assert (parcel.tracking_number, parcel.found_by, parcel.state) == ("1Z999", wanda, "open")
    assert left_in(parcel) == {"JACKET-M": 2, "CAP-1": 2, "X-9": 3}
    assert AuditEntry.objects.get().action == "parcel.registered"


def test_the_same_form_twice_is_one_parcel(wandas_client: Client, shop: Shop) -> None:
    form = described(shop)

    answers = [wandas_client.post(reverse("parcel_new"), form) for _ in range(2)]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert Parcel.objects.count() == 1


def test_a_form_belongs_to_its_shop(shop: Shop, wanda: User) -> None:
    other, token = make_shop(), uuid.uuid4()
    give_role(wanda, other, Role.WAREHOUSE)
    seen, bench = Description(text="A box"), Bench(wanda)
    parcels.register_parcel(shop, seen, bench=bench, submission_token=token)

    with pytest.raises(Refused, match="another parcel"):
        parcels.register_parcel(other, seen, bench=bench, submission_token=token)

    assert Parcel.objects.count() == 1


def test_a_scan_that_nobody_knew_fills_the_form(wandas_client: Client, shop: Shop) -> None:
    page = wandas_client.get(reverse("parcel_new"), {"tracking": "1Z<999"}).content.decode()

    assert 'value="1Z&lt;999"' in page


def test_a_box_that_is_on_the_shelf_already_is_pointed_at(
    wandas_client: Client, parcel: Parcel, shop: Shop
) -> None:
    before = everything()

    page = wandas_client.get(reverse("parcel_new"), {"tracking": "1Z999AA10123456784"})
    answer = wandas_client.post(
        reverse("parcel_new"), described(shop, tracking_number="1z999aa1 0123456784", text="Torn")
    )

    for shown in (page.content.decode(), answer.content.decode()):
        assert f'<a href="{parcel.get_absolute_url()}">Open {parcel}</a>' in shown
    assert answer.status_code == 409
    assert "Torn" in answer.content.decode()
    assert everything() == before


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"tracking_number": ""}, "Say at least one thing"),
        ({"items": "0 x CAP-1"}, "0 × CAP-1 cannot be"),
        ({"items": "C" * 256}, "too long for a SKU"),
        ({"items": "CAP\n" * 300}, "too much for one parcel"),
        ({"origin_country": "Narnia"}, "Narnia"),
        ({"carrier": "U" * 65}, "at most 64 characters"),
    ],
)
def test_what_cannot_be_is_said_by_the_field_and_nothing_typed_is_lost(
    said: dict[str, str], words: str, wandas_client: Client, shop: Shop
) -> None:
    form = described(shop, **{"text": "", **said})
    if said != {"tracking_number": ""}:
        form["text"] = "Jane’s blue box"

    answer = wandas_client.post(reverse("parcel_new"), form)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'aria-invalid="true"' in page
    assert form["text"] in page
    assert not Parcel.objects.exists()


def test_a_box_cannot_be_put_into_a_shop_of_others(wandas_client: Client, shop: Shop) -> None:
    answer = wandas_client.post(reverse("parcel_new"), described(make_shop()))

    assert answer.status_code == 422
    assert not Parcel.objects.exists()


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("CAP-1", ("CAP-1", 1)),
        ("2 x CAP-1", ("CAP-1", 2)),
        ("2x CAP-1", ("CAP-1", 2)),
        ("2×CAP-1", ("CAP-1", 2)),
        ("CAP-1 * 12", ("CAP-1", 12)),
        ("2X4-BOARD", ("2X4-BOARD", 1)),
        ("0012345678905", ("0012345678905", 1)),
        ("BLUE CAP", ("BLUE CAP", 1)),
    ],
)
def test_a_line_is_read_as_it_is_meant(line: str, read: tuple[str, int]) -> None:
    assert read_line(line) == read


@given(st.text(min_size=1).map(str.strip).filter(bool))
def test_any_line_names_something(line: str) -> None:
    sku, units = read_line(line)

    assert sku
    assert units >= 0


# Correcting


def edit_form(parcel: Parcel, **said: Any) -> dict[str, Any]:
    return {"version": parcel.version, "tracking_number": parcel.tracking_number, **said}


def test_what_was_said_can_be_corrected(wandas_client: Client, parcel: Parcel) -> None:
    url = reverse("parcel_edit", args=[parcel.pk])
    assert "2 × JACKET-M\nX-999" in wandas_client.get(url).content.decode()

    wandas_client.post(url, edit_form(parcel, carrier="DHL", items="JACKET-M\nCAP-1"))

    assert fresh(parcel).carrier == "DHL"
    assert left_in(parcel) == {"JACKET-M": 1, "CAP-1": 1}
    changes = AuditEntry.objects.get(action="parcel.described").data["changes"]
    assert changes == {"carrier": ["UPS", "DHL"]}


def test_units_that_went_into_a_return_stay_listed(parcel: Parcel, wanda: User) -> None:
    parcel.items.filter(sku="JACKET-M").update(matched=1)

    parcels.edit_parcel(parcel.pk, Description(text="Empty?"), by=wanda, version=parcel.version)

    assert [(one.sku, one.quantity, one.left) for one in parcel.items.all()] == [("JACKET-M", 1, 0)]


def test_two_who_correct_at_once_see_what_the_other_wrote(
    wandas_client: Client, parcel: Parcel, ana: User
) -> None:
    mine = edit_form(parcel, carrier="UPS", text="Mine")
    parcels.edit_parcel(
        parcel.pk, Description(carrier="FedEx", text="Hers"), by=ana, version=parcel.version
    )
    before = everything()

    answer = wandas_client.post(reverse("parcel_edit", args=[parcel.pk]), mine)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "changed while you looked at it" in page
    assert "<dt>Carrier</dt><dd><bdi>FedEx</bdi></dd>" in page
    assert ">\nMine</textarea>" in page
    assert everything() == before

    again = {**mine, "version": fresh(parcel).version}
    assert f'name="version" value="{again["version"]}"' in page
    assert wandas_client.post(reverse("parcel_edit", args=[parcel.pk]), again).status_code == 302
    assert fresh(parcel).text == "Mine"


def test_a_parcel_cannot_take_the_number_of_another(parcel: Parcel, wanda: User) -> None:
    other = make_parcel(parcel.shop, by=wanda, text="Another")

    with pytest.raises(AlreadyThere):
        parcels.edit_parcel(
            other.pk,
            Description(tracking_number=parcel.tracking_number),
            by=wanda,
            version=other.version,
        )

    assert fresh(other).tracking_number == ""


# Looking after


def test_a_parcel_is_taken_and_handed_over(
    wandas_client: Client, wanda: User, ana: User, parcel: Parcel
) -> None:
    url = reverse("parcel_owner", args=[parcel.pk])

    wandas_client.post(url, {"to": wanda.pk})
    assert fresh(parcel).owner == wanda
    page = wandas_client.post(url, {"to": ana.pk}, follow=True).content.decode()
    assert fresh(parcel).owner == ana
    assert "Ana Ruiz looks after it now." in page
    wandas_client.post(url, {"to": ""})
    assert fresh(parcel).owner is None
    assert AuditEntry.objects.filter(action="parcel.handed_over").count() == 3


def test_only_a_colleague_who_may_handle_it_can_have_it(
    wandas_client: Client, parcel: Parcel, shop: Shop, wanda: User
) -> None:
    onlooker = make_staff(shop=shop, role=Role.LOCATION_ADMIN)
    stranger = make_staff(shop=make_shop(), role=Role.WAREHOUSE)
    before = everything()

    for person in (onlooker, stranger):
        answer = wandas_client.post(reverse("parcel_owner", args=[parcel.pk]), {"to": person.pk})
        assert answer.status_code == 422
        with pytest.raises(Refused):
            parcels.hand_over(parcel.pk, person, by=wanda)

    assert everything() == before


# Closing


def test_a_parcel_is_closed_with_a_reason_and_opened_again(
    wandas_client: Client, wanda: User, parcel: Parcel
) -> None:
    form = {"because": "Sent back to the sender", "version": parcel.version}

    page = wandas_client.post(reverse("parcel_close", args=[parcel.pk]), form, follow=True)

    closed = fresh(parcel)
    assert (closed.state, closed.settled_by) == (Parcel.State.CLOSED, wanda)
    assert "Sent back to the sender" in page.content.decode()

    wandas_client.post(reverse("parcel_reopen", args=[parcel.pk]))
    again = fresh(parcel)
    assert (again.state, again.settled_at, again.closed_because) == (Parcel.State.OPEN, None, "")


def test_without_a_reason_it_stays_open(wandas_client: Client, parcel: Parcel) -> None:
    before = everything()

    answer = wandas_client.post(
        reverse("parcel_close", args=[parcel.pk]), {"because": " ", "version": parcel.version}
    )

    assert answer.status_code == 422
    assert "Say why: it is kept with your name." in answer.content.decode()
    assert everything() == before


def test_a_settled_parcel_takes_no_more_moves(parcel: Parcel, wanda: User, awaited: Rma) -> None:
    parcels.close_parcel(parcel.pk, "Empty", by=wanda, version=parcel.version)
    version, before = fresh(parcel).version, everything()
    share = Share(quantity=1, item_id=item_of(awaited, "CAP-1"))

    with pytest.raises(Refused, match="settled already"):
        parcels.edit_parcel(parcel.pk, Description(text="x"), by=wanda, version=version)
    with pytest.raises(Refused, match="settled already"):
        parcels.own_parcel(parcel.pk, by=wanda)
    with pytest.raises(Refused, match="settled already"):
        match_parcel(
            Match(parcel_id=parcel.pk, rma_id=awaited.pk, shares=[share], version=version),
            bench=Bench(wanda),
        )

    assert everything() == before
