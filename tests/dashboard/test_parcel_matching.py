"""What lies in a parcel goes into returns, by quantity, once."""

import pytest
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.returns.models import (
    BenchRules,
    BoxArrival,
    Parcel,
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
from returns_ops.returns.transitions.receiving import Bench, TooMany
from tests.builders import (
    make_item,
    make_package,
    make_photo,
    make_rma,
    make_shop,
    make_token,
)
from tests.dashboard.shelf import (
    entry_of,
    everything,
    fresh,
    give,
    item_of,
    left_in,
    match_form,
    match_url,
)

HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.usefixtures("media")


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
