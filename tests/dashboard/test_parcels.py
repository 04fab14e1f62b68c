import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import PERMISSIONS, Permission, Role
from returns_ops.dashboard.parcel_forms import read_line
from returns_ops.returns.models import (
    BenchRules,
    BoxArrival,
    Parcel,
    ParcelItem,
    ParcelMatch,
    Photo,
    ReceiptLine,
    Rma,
    RmaEvent,
    SearchToken,
)
from returns_ops.returns.states import Receipt, Work
from returns_ops.returns.transitions import parcels
from returns_ops.returns.transitions.approval import Refused, Stale
from returns_ops.returns.transitions.matching import Match, Share, match_parcel
from returns_ops.returns.transitions.parcels import AlreadyThere, Description
from returns_ops.returns.transitions.receiving import Bench, TooMany
from tests.builders import (
    give_role,
    make_item,
    make_package,
    make_parcel,
    make_photo,
    make_rma,
    make_shop,
    make_staff,
    make_token,
)

LogIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
HANDLING = {Permission.RECEIVE, Permission.RESOLVE}


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: LazySettings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def parcel(shop: Shop, wanda: User) -> Parcel:
    """Three units of two kinds, on the shelf since yesterday."""
    return make_parcel(
        shop,
        by=wanda,
        items={"JACKET-M": 2, "X-999": 1},
        carrier="UPS",
        tracking_number="1Z999AA10123456784",
        found_at=timezone.now() - timedelta(days=1),
    )


@pytest.fixture
def awaited(shop: Shop) -> Rma:
    """A return that waits for three jackets and a cap."""
    rma = make_rma(shop, "RM-2001", work=Work.TO_RECEIVE)
    make_item(rma, "JACKET-M", quantity=3)
    make_item(rma, "CAP-1")
    for sku in ("JACKET-M", "CAP-1"):
        make_token(rma, sku, SearchToken.Kind.SKU)
    make_token(rma, "RM-2001")
    return rma


def described(shop: Shop, **said: Any) -> dict[str, Any]:
    known = {"shop": shop.domain, "submission_token": uuid.uuid4()}
    return {**known, "tracking_number": "1z 999", **said}


def item_of(rma: Rma, sku: str) -> int:
    return rma.items.get(sku=sku).pk


def entry_of(parcel: Parcel, sku: str) -> int:
    return parcel.items.get(sku=sku).pk


def match_form(parcel: Parcel, rma: Rma, **units: Any) -> dict[str, Any]:
    return {"rma": rma.rma_number, "version": parcel.version, **units}


def match_url(parcel: Parcel) -> str:
    return reverse("parcel_match", args=[parcel.pk])


def left_in(parcel: Parcel) -> dict[str, int]:
    return {item.sku: item.left for item in parcel.items.all()}


def fresh(parcel: Parcel) -> Parcel:
    return Parcel.objects.get(pk=parcel.pk)


def everything() -> list[object]:
    """All that a refused move must leave as it was."""
    tables = (Parcel, ParcelItem, ParcelMatch, ReceiptLine, BoxArrival, Photo, RmaEvent, Rma)
    return [
        *(list(table.objects.order_by("pk").values()) for table in tables),
        AuditEntry.objects.count(),
    ]


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


# Matching


def test_the_form_offers_what_lies_in_the_parcel(
    wandas_client: Client, parcel: Parcel, awaited: Rma
) -> None:
    answer = wandas_client.get(match_url(parcel), {"rma": "RM-2001"})

    rows = {row.name: row for row in answer.context["matching"].form.rows}
    assert (rows["JACKET-M"].most, rows["JACKET-M"].suggested) == (3, 2)
    assert (rows["CAP-1"].most, rows["CAP-1"].suggested) == (1, 0)
    assert rows["CAP-1"].entries == ((entry_of(parcel, "X-999"), "1 × X-999"),)
    assert (rows["X-999"].item_id, rows["X-999"].most) == (None, 1)


def test_units_go_into_the_return_and_the_rest_stays(
    wandas_client: Client, wanda: User, parcel: Parcel, awaited: Rma
) -> None:
    photo = make_photo(parcel, by=wanda)
    jacket = item_of(awaited, "JACKET-M")

    page = wandas_client.post(
        match_url(parcel), match_form(parcel, awaited, **{f"item-{jacket}": "2"}), follow=True
    ).content.decode()

    assert "2 units are in RM-2001 now." in page
    line = ReceiptLine.objects.get()
    assert (line.item_id, line.quantity, line.in_hand, line.decision) == (
        jacket,
        2,
        True,
        "approved",
    )
    assert BoxArrival.objects.get().rma == awaited
    assert left_in(parcel) == {"JACKET-M": 0, "X-999": 1}
    assert (fresh(parcel).state, fresh(parcel).rma) == (Parcel.State.OPEN, awaited)
    photo.refresh_from_db()
    assert (photo.rma, photo.parcel) == (awaited, parcel)
    rma = Rma.objects.get(pk=awaited.pk)
    assert (rma.receipt, rma.version) == (Receipt.PARTLY_RECEIVED, awaited.version + 1)
    told = RmaEvent.objects.order_by("pk").last()
    assert told is not None
    assert told.text == f"2 units found in parcel {parcel.pk}, which had no return"
    assert AuditEntry.objects.get(action="parcel.matched").data["rma"] == "RM-2001"


def test_units_wait_for_a_decision_where_the_shop_wants_it(
    parcel: Parcel, awaited: Rma, wanda: User
) -> None:
    BenchRules.objects.create(shop=awaited.shop, scanned_is_good=False)

    give(parcel, awaited, wanda, Share(quantity=1, item_id=item_of(awaited, "JACKET-M")))

    assert ReceiptLine.objects.get().decision == ""


def give(parcel: Parcel, rma: Rma, by: User, *shares: Share, finish: bool = False) -> Parcel:
    version = fresh(parcel).version
    match = Match(parcel_id=parcel.pk, rma_id=rma.pk, shares=shares, version=version, finish=finish)
    return match_parcel(match, bench=Bench(by, "Bench 2"))


def test_one_box_fills_two_returns_by_quantity(parcel: Parcel, awaited: Rma, wanda: User) -> None:
    second = make_rma(parcel.shop, "RM-2002", work=Work.TO_RECEIVE)
    make_item(second, "JACKET-M")
    make_photo(parcel, by=wanda)
    entry = entry_of(parcel, "JACKET-M")

    give(
        parcel, awaited, wanda, Share(quantity=1, item_id=item_of(awaited, "JACKET-M"), of_id=entry)
    )
    give(parcel, second, wanda, Share(quantity=1, item_id=item_of(second, "JACKET-M"), of_id=entry))

    assert left_in(parcel) == {"JACKET-M": 0, "X-999": 1}
    assert sorted(ReceiptLine.objects.values_list("rma__rma_number", "quantity")) == [
        ("RM-2001", 1),
        ("RM-2002", 1),
    ]
    assert sorted(Photo.objects.values_list("rma__rma_number", flat=True)) == ["RM-2001", "RM-2002"]
    assert fresh(parcel).state == Parcel.State.OPEN


def test_a_parcel_with_nothing_left_is_matched(parcel: Parcel, awaited: Rma, wanda: User) -> None:
    jackets = Share(
        quantity=2,
        item_id=item_of(awaited, "JACKET-M"),
        of_id=entry_of(parcel, "JACKET-M"),
    )
    stranger = Share(quantity=1, item_id=None, of_id=entry_of(parcel, "X-999"))

    matched = give(parcel, awaited, wanda, jackets, stranger)

    assert (matched.state, matched.settled_by, matched.rma) == ("matched", wanda, awaited)
    kept = ReceiptLine.objects.get(item=None)
    assert (kept.sku, kept.quantity, kept.decision) == ("X-999", 1, "invalid_item")


def test_the_person_may_say_that_nothing_more_will_come_of_it(
    wandas_client: Client, parcel: Parcel, awaited: Rma
) -> None:
    cap = item_of(awaited, "CAP-1")
    form = match_form(parcel, awaited, **{f"item-{cap}": "1", "finish": "1"})

    wandas_client.post(match_url(parcel), form)

    assert fresh(parcel).state == Parcel.State.MATCHED
    assert left_in(parcel) == {"JACKET-M": 2, "X-999": 1}


def test_closing_a_parcel_of_which_something_was_matched_calls_it_matched(
    parcel: Parcel, awaited: Rma, wanda: User
) -> None:
    given = give(parcel, awaited, wanda, Share(quantity=1, item_id=item_of(awaited, "CAP-1")))

    closed = parcels.close_parcel(given.pk, "The rest is trash", by=wanda, version=given.version)

    assert (closed.state, closed.closed_because) == ("matched", "The rest is trash")


def test_a_unit_under_another_name_is_taken_off_the_list(
    wandas_client: Client, parcel: Parcel, awaited: Rma
) -> None:
    cap = item_of(awaited, "CAP-1")
    of = {f"item-{cap}": "1", f"item-{cap}-of": str(entry_of(parcel, "X-999"))}

    wandas_client.post(match_url(parcel), match_form(parcel, awaited, **of))

    assert left_in(parcel) == {"JACKET-M": 2, "X-999": 0}
    match = ParcelMatch.objects.get()
    assert (match.of, match.item_id) == (parcel.items.get(sku="X-999"), cap)


def test_from_now_on_the_label_opens_the_return(
    parcel: Parcel, awaited: Rma, wanda: User, wandas_client: Client
) -> None:
    give(parcel, awaited, wanda, Share(quantity=1, item_id=item_of(awaited, "CAP-1")))

    page = wandas_client.get(reverse("rmas"), {"q": "1Z999AA10123456784"})

    assert "RM-2001" in page.content.decode()


def test_the_box_that_narvar_announced_is_the_one_that_arrived(
    parcel: Parcel, awaited: Rma, wanda: User
) -> None:
    package = make_package(awaited, parcel.tracking_number)

    give(parcel, awaited, wanda, Share(quantity=1, item_id=item_of(awaited, "CAP-1")))

    assert BoxArrival.objects.get().package == package
    assert ReceiptLine.objects.get().package == package


@pytest.mark.parametrize(
    ("units", "status", "words"),
    [
        ({"JACKET-M": "4"}, 422, "Enter a number from 0 to 3."),
        ({"JACKET-M": "-1"}, 422, "Enter a number from 0 to 3."),
        ({"JACKET-M": "two"}, 422, "Enter a number from 0 to 3."),
        ({"JACKET-M": "3"}, 409, "Only 2 of JACKET-M are left in this parcel."),
        ({"JACKET-M": "", "CAP-1": "0"}, 409, "Say how many units go into this return."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_numbers_that_cannot_be_match_nothing_and_stay_typed(
    headers: dict[str, str],
    units: dict[str, str],
    status: int,
    words: str,
    wandas_client: Client,
    parcel: Parcel,
    awaited: Rma,
) -> None:
    before = everything()
    typed = {f"item-{item_of(awaited, sku)}": number for sku, number in units.items()}

    answer = wandas_client.post(
        match_url(parcel), match_form(parcel, awaited, **typed), headers=headers
    )

    page = answer.content.decode()
    assert (answer.status_code, words in page) == (status, True)
    assert f'value="{units["JACKET-M"]}"' in page
    assert page.lstrip().startswith('<section id="which"') == bool(headers)
    assert everything() == before


def test_more_than_the_return_expects_is_refused_as_a_whole(
    parcel: Parcel, awaited: Rma, wanda: User
) -> None:
    before = everything()
    shares = [
        Share(quantity=1, item_id=item_of(awaited, "JACKET-M")),
        Share(quantity=2, item_id=item_of(awaited, "CAP-1")),
    ]

    with pytest.raises(TooMany):
        give(parcel, awaited, wanda, *shares)

    assert everything() == before


def test_two_who_match_at_once_do_it_once(
    wandas_client: Client, parcel: Parcel, awaited: Rma, ana: User
) -> None:
    cap = item_of(awaited, "CAP-1")
    form = match_form(parcel, awaited, **{f"item-{cap}": "1"})
    wandas_client.post(match_url(parcel), form)
    before = everything()

    answer = wandas_client.post(match_url(parcel), form, headers=HTMX)

    assert answer.status_code == 409
    assert "changed while you looked at it" in answer.content.decode()
    assert everything() == before


def test_a_stale_match_names_the_parcel(parcel: Parcel, awaited: Rma, wanda: User) -> None:
    old = Match(parcel_id=parcel.pk, rma_id=awaited.pk, shares=[], version=parcel.version + 1)

    with pytest.raises(Stale, match=f"Parcel {parcel.pk} changed"):
        match_parcel(old, bench=Bench(wanda))


def test_a_box_does_not_cross_the_border_of_its_shop(
    wandas_client: Client, parcel: Parcel, wanda: User
) -> None:
    other = make_rma(make_shop(), "RM-9")
    share = Share(quantity=1, item_id=make_item(other).pk)
    before = everything()

    form = match_form(parcel, other, **{f"item-{share.item_id}": "1"})
    assert wandas_client.post(match_url(parcel), form).status_code == 422
    with pytest.raises(Refused, match="another shop"):
        give(parcel, other, wanda, share)

    assert everything() == before


def test_a_return_is_looked_for_by_hand(
    wandas_client: Client, parcel: Parcel, awaited: Rma, shop: Shop
) -> None:
    for number in ("RM-3001", "RM-3002"):
        make_token(make_rma(shop, number), "70074401", SearchToken.Kind.ORDER)

    def looked(text: str) -> str:
        return wandas_client.get(match_url(parcel), {"rma": text}, headers=HTMX).content.decode()

    assert "What goes into" in looked("rm-2001")
    assert "Several returns fit" in looked("70074401")
    assert "Nothing found for" in looked("<nothing>")
    assert "&lt;nothing&gt;" in looked("<nothing>")


def test_a_settled_parcel_has_no_match_to_show(
    wandas_client: Client, wanda: User, parcel: Parcel
) -> None:
    parcels.close_parcel(parcel.pk, "Empty", by=wanda, version=parcel.version)
    url, own = f"{match_url(parcel)}?rma=RM-2001", parcel.get_absolute_url()

    assert wandas_client.get(url)["Location"] == own
    assert wandas_client.get(url, headers=HTMX)["HX-Redirect"] == own


@pytest.mark.parametrize(
    "url",
    [
        "/parcels/?tab=%00&after=%00",
        "/parcels/?after=2026-01-01T00:00:00Z~99999999999999999999",
        "/parcels/new/?tracking=%00%ff",
        "{own}match/?rma=%00",
        "{own}match/?rma=%ff%E2%80%AE" + "A" * 3000,
    ],
)
def test_an_odd_address_breaks_nothing(url: str, wandas_client: Client, parcel: Parcel) -> None:
    assert wandas_client.get(url.format(own=parcel.get_absolute_url())).status_code == 200


@pytest.mark.parametrize("name", ["parcel", "photo"])
def test_a_number_beyond_all_numbers_is_not_found(
    name: str, wandas_client: Client, shop: Shop
) -> None:
    assert wandas_client.get(reverse(name, args=[10**20])).status_code == 404


# The page and the shelf


def test_a_parcel_shows_what_it_could_be_and_why(
    client: Client, parcel: Parcel, awaited: Rma
) -> None:
    page = client.get(parcel.get_absolute_url()).content.decode()

    assert "SKU JACKET-M is in it" in page
    assert f'href="{match_url(parcel)}?rma=RM-2001"' in page


@pytest.mark.parametrize("returns", [1, 30])
def test_a_parcel_page_costs_the_same_however_much_is_in_it(
    returns: int,
    client: Client,
    parcel: Parcel,
    wanda: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(returns):
        rma = make_rma(parcel.shop, work=Work.TO_RECEIVE)
        item = make_item(rma, "JACKET-M")
        make_token(rma, "JACKET-M", SearchToken.Kind.SKU)
        make_photo(parcel, by=wanda, sha256=bytes([number]) * 32)
        ParcelMatch.objects.create(parcel=parcel, rma=rma, item=item, quantity=1, by=wanda)

    with django_assert_max_num_queries(SHELL + 8):
        assert client.get(parcel.get_absolute_url()).status_code == 200


SHELL = 5  # who it is, their roles, the counters and banners of every page


@pytest.mark.parametrize("boxes", [1, 40])
@pytest.mark.parametrize("shops", [1, 3])
def test_the_shelf_costs_three_queries_of_its_own(
    boxes: int,
    shops: int,
    client: Client,
    ana: User,
    shop: Shop,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    mine = [shop, *(make_shop() for _ in range(shops - 1))]
    for other in mine[1:]:
        give_role(ana, other, Role.AGENT)
    for number in range(boxes):
        made = make_parcel(mine[number % shops], by=ana, items={"CAP": 1}, owner=ana)
        make_photo(made, by=ana)

    with django_assert_max_num_queries(SHELL + 3):
        answer = client.get(reverse("parcels"))

    assert len(answer.context["shelf"].rows) == boxes


def names(client: Client, **asked: str) -> list[str]:
    return [row.name for row in client.get(reverse("parcels"), asked).context["shelf"].rows]


def test_what_waits_longest_comes_first(client: Client, shop: Shop, ana: User) -> None:
    now = timezone.now()
    young = make_parcel(shop, by=ana, found_at=now)
    old = make_parcel(shop, by=ana, found_at=now - timedelta(days=9))

    assert names(client) == [str(old), str(young)]
    assert "9 days" in client.get(reverse("parcels")).content.decode()


def test_each_tab_shows_its_own(
    client: Client, shop: Shop, ana: User, wanda: User, rma: Rma
) -> None:
    now = timezone.now()
    free = make_parcel(shop, by=wanda)
    mine = make_parcel(shop, by=wanda, owner=ana)
    matched = make_parcel(shop, by=wanda, state="matched", rma=rma, settled_at=now)
    closed = make_parcel(shop, by=wanda, state="closed", closed_because="x", settled_at=now)
    make_parcel(make_shop(), by=wanda, owner=ana)

    assert names(client) == names(client, tab="nonsense") == [str(free), str(mine)]
    assert names(client, tab="mine") == [str(mine)]
    assert names(client, tab="matched") == [str(matched)]
    assert names(client, tab="closed") == [str(closed)]


@pytest.mark.parametrize("tab", ["open", "closed"])
def test_pages_follow_one_another_without_gap_or_repeat(
    tab: str, client: Client, shop: Shop, ana: User
) -> None:
    now, other = timezone.now(), make_shop()
    give_role(ana, other, Role.AGENT)
    end: dict[str, Any] = (
        {"state": "closed", "closed_because": "x", "settled_at": now} if tab == "closed" else {}
    )
    made = [
        make_parcel(
            other if number % 3 else shop,
            by=ana,
            found_at=now - timedelta(minutes=number // 4),
            **end,
        )
        for number in range(113)
    ]

    seen, url = list[str](), f"{reverse('parcels')}?tab={tab}"
    while url:
        shelf = client.get(url).context["shelf"]
        seen += [row.url for row in shelf.rows]
        url = shelf.more

    by_age = sorted(made, key=lambda one: (one.found_at, one.pk), reverse=tab == "closed")
    assert seen == [one.get_absolute_url() for one in by_age]


def test_an_empty_shelf_says_so(client: Client, shop: Shop) -> None:
    assert "No parcel waits for its return." in client.get(reverse("parcels")).content.decode()
    page = client.get(reverse("parcels"), {"tab": "mine"}).content.decode()
    assert "You look after no parcel." in page


# Who may


ACTS = {
    "parcels": ("/parcels/", "get"),
    "parcel_new": ("/parcels/new/", "get"),
    "parcel": ("/parcels/{parcel}/", "get"),
    "parcel_edit": ("/parcels/{parcel}/edit/", "post"),
    "parcel_owner": ("/parcels/{parcel}/owner/", "post"),
    "parcel_match": ("/parcels/{parcel}/match/?rma=RM-2001", "get"),
    "parcel_close": ("/parcels/{parcel}/close/", "post"),
    "parcel_reopen": ("/parcels/{parcel}/reopen/", "post"),
    "parcel_photos": ("/parcels/{parcel}/photos/", "post"),
}


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("act", ACTS)
def test_a_role_handles_parcels_if_it_receives_or_resolves(
    act: str, role: str, parcel: Parcel, shop: Shop, log_in: LogIn
) -> None:
    url, method = ACTS[act]

    answer = getattr(log_in(make_staff(shop=shop, role=role)), method)(url.format(parcel=parcel.pk))

    assert (answer.status_code != 403) == bool(HANDLING & PERMISSIONS[role])


@pytest.mark.parametrize("act", [act for act in ACTS if act not in ("parcels", "parcel_new")])
def test_a_parcel_of_another_shop_does_not_exist(act: str, parcel: Parcel, log_in: LogIn) -> None:
    url, method = ACTS[act]
    stranger = log_in(make_staff(shop=make_shop(), role=Role.APPROVER))
    before = everything()

    answer = getattr(stranger, method)(url.format(parcel=parcel.pk))

    assert answer.status_code == 404
    assert everything() == before


def test_the_moves_themselves_ask_for_the_right(parcel: Parcel, awaited: Rma, shop: Shop) -> None:
    onlooker = make_staff(shop=shop, role=Role.LOCATION_ADMIN)
    seen, version, before = Description(text="x"), parcel.version, everything()
    share = Share(quantity=1, item_id=item_of(awaited, "CAP-1"))
    moves: list[Callable[[], object]] = [
        lambda: parcels.register_parcel(
            shop, seen, bench=Bench(onlooker), submission_token=uuid.uuid4()
        ),
        lambda: parcels.edit_parcel(parcel.pk, seen, by=onlooker, version=version),
        lambda: parcels.own_parcel(parcel.pk, by=onlooker),
        lambda: parcels.close_parcel(parcel.pk, "x", by=onlooker, version=version),
        lambda: parcels.reopen_parcel(parcel.pk, by=onlooker),
        lambda: give(parcel, awaited, onlooker, share),
    ]

    for move in moves:
        with pytest.raises(Refused, match="may not handle"):
            move()

    assert everything() == before


def test_the_way_there_is_offered_to_those_who_may(
    wandas_client: Client, shop: Shop, log_in: LogIn
) -> None:
    onlooker = log_in(make_staff(shop=shop, role=Role.LOCATION_ADMIN))

    assert 'href="/parcels/"' in wandas_client.get("/").content.decode()
    assert 'href="/parcels/"' not in onlooker.get("/").content.decode()


def test_the_database_matches_no_more_than_there_is(parcel: Parcel) -> None:
    with pytest.raises(IntegrityError, match="parcel_item_matched_within"):
        parcel.items.filter(sku="X-999").update(matched=2)
