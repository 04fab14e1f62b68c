"""Two people at the same box at the same moment: the locks decide, and nothing is counted twice."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.models import Parcel, Photo, ReceiptLine, Rma
from returns_ops.returns.pictures import read_picture
from returns_ops.returns.states import Work
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.evidence import add_photo, remove_photo
from returns_ops.returns.transitions.matching import Match, Share, match_parcel
from returns_ops.returns.transitions.parcels import Description, register_parcel
from returns_ops.returns.transitions.receiving import Bench
from tests.builders import make_item, make_parcel, make_photo, make_rma, picture_bytes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: LazySettings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def at_once(moves: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each move gave, or how it was refused."""
    start = Barrier(len(moves))

    def run(move: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return move()
        except Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(moves)) as people:
        return list(people.map(run, moves))


def make_awaiting(shop: Shop) -> tuple[Rma, int]:
    rma = make_rma(shop, work=Work.TO_RECEIVE)
    return rma, make_item(rma, "CAP", quantity=2).pk


def test_one_box_is_matched_to_one_of_two_returns(shop: Shop, wanda: User) -> None:
    parcel = make_parcel(shop, by=wanda, items={"CAP": 2})
    of = parcel.items.get().pk
    matches = [
        Match(
            parcel_id=parcel.pk,
            rma_id=rma.pk,
            shares=[Share(quantity=2, item_id=item, of_id=of)],
            version=parcel.version,
        )
        for rma, item in (make_awaiting(shop), make_awaiting(shop))
    ]

    results = at_once([partial(match_parcel, match, bench=Bench(wanda)) for match in matches])

    assert sorted(type(result).__name__ for result in results) == ["Parcel", "Stale"]
    assert [line.quantity for line in ReceiptLine.objects.all()] == [2]
    assert Parcel.objects.get().state == Parcel.State.MATCHED


def test_one_box_is_registered_once(shop: Shop, wanda: User) -> None:
    seen, bench = Description(tracking_number="1Z999"), Bench(wanda)

    results = at_once(
        [lambda: register_parcel(shop, seen, bench=bench, submission_token=uuid.uuid4())] * 4
    )

    assert Parcel.objects.count() == 1
    assert sum(isinstance(result, Parcel) for result in results) == 1


def test_one_picture_is_one_photo(shop: Shop, wanda: User, media: Path) -> None:
    rma, _ = make_awaiting(shop)
    picture = read_picture(picture_bytes())

    photos = at_once([lambda: add_photo(picture, rma, bench=Bench(wanda))] * 4)

    assert len({photo.pk for photo in photos}) == 1
    assert len([file for file in media.rglob("*") if file.is_file()]) == 2


@pytest.mark.parametrize("time", range(5))
def test_a_photo_never_loses_its_file_to_the_removal_of_another(
    time: int, shop: Shop, wanda: User
) -> None:
    (first, _), (second, _) = make_awaiting(shop), make_awaiting(shop)
    old, picture = make_photo(first, by=wanda), read_picture(picture_bytes())

    at_once(
        [
            lambda: remove_photo(old.pk, by=wanda),
            lambda: add_photo(picture, second, bench=Bench(wanda)),
        ]
    )

    assert Path(Photo.objects.get().file.path).exists()
