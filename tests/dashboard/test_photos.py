import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Permission, Role
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.photos import photos_of
from returns_ops.returns import photo_files
from returns_ops.returns.models import Photo, Rma, RmaEvent
from returns_ops.returns.pictures import read_picture
from returns_ops.returns.transitions.approval import Refused
from returns_ops.returns.transitions.evidence import MOST_PHOTOS, add_photo, remove_photo
from returns_ops.returns.transitions.receiving import Bench
from tests.builders import (
    give_role,
    make_command,
    make_item,
    make_parcel,
    make_photo,
    make_receipt_line,
    make_rma,
    make_shop,
    make_staff,
    picture_bytes,
)

LogIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: LazySettings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def a_file(name: str = "IMG_1.jpg", data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture_bytes() if data is None else data, "image/jpeg")


def photos_url(rma: Rma) -> str:
    return f"{rma.get_absolute_url()}photos/"


def files_in(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


# Adding


def test_a_photo_is_kept_under_its_hash_and_told_in_the_timeline(
    client: Client, ana: User, rma: Rma, media: Path
) -> None:
    answer = client.post(photos_url(rma), {"photos": a_file()})

    assert (answer.status_code, answer["Location"]) == (302, f"{rma.get_absolute_url()}#photos")
    photo = Photo.objects.get()
    digest = bytes(photo.sha256).hex()
    assert (photo.rma, photo.shop, photo.taken_by, photo.line) == (rma, rma.shop, ana, None)
    assert photo.file.name == f"photos/{digest[:2]}/{digest}.jpg"
    assert files_in(media) == [
        f"photos/{digest[:2]}/{digest}.jpg",
        f"photos/{digest[:2]}/{digest}.small.jpg",
    ]
    assert RmaEvent.objects.get().text == f"Photo {digest[:8]} added"
    audit = AuditEntry.objects.get(action="rma.photo_added")
    assert (audit.subject, audit.data["sha256"]) == (rma.rma_number, digest)


def test_a_photo_shows_the_units_that_were_chosen(client: Client, ana: User, rma: Rma) -> None:
    line = make_receipt_line(rma, rma.items.get(), by=ana, decision="rejected")

    part = client.post(photos_url(rma), {"photos": a_file(), "line": line.pk}, headers=HTMX)

    assert Photo.objects.get().line == line
    assert "<strong><bdi>1 × JACKET-M, Reject</bdi></strong>" in part.content.decode()
    assert RmaEvent.objects.get().text.endswith("of 1 × JACKET-M added")


def test_units_of_another_return_cannot_be_chosen(client: Client, ana: User, rma: Rma) -> None:
    other = make_rma(rma.shop)
    line = make_receipt_line(other, make_item(other), by=ana)

    answer = client.post(photos_url(rma), {"photos": a_file(), "line": line.pk}, headers=HTMX)

    assert answer.status_code == 422
    assert "not entered any more" in answer.content.decode()
    assert not Photo.objects.exists()


def test_the_same_picture_twice_is_one_photo(client: Client, rma: Rma) -> None:
    for _ in range(2):
        client.post(photos_url(rma), {"photos": a_file()})

    assert Photo.objects.count() == 1
    assert RmaEvent.objects.count() == 1


def test_the_same_picture_can_show_two_returns_and_lies_there_once(
    client: Client, rma: Rma, media: Path
) -> None:
    other = make_rma(rma.shop)
    for one in (rma, other):
        client.post(photos_url(one), {"photos": a_file()})

    assert Photo.objects.count() == 2
    assert len(files_in(media)) == 2


def test_a_file_that_lies_there_is_never_written_again(client: Client, rma: Rma) -> None:
    picture = read_picture(picture_bytes())
    name = photo_files.keep(picture)
    path = Path(Photo(file=name).file.path)
    path.write_bytes(b"as it was")

    client.post(photos_url(rma), {"photos": a_file()})

    assert path.read_bytes() == b"as it was"


def test_of_several_files_the_good_ones_are_kept_and_each_bad_one_is_named(
    client: Client, rma: Rma
) -> None:
    heic = b"\x00\x00\x00\x18ftypheic" + bytes(40)
    files = [a_file(), a_file("notes.pdf", b"%PDF-1.7"), a_file("IMG_2.HEIC", heic)]

    answer = client.post(photos_url(rma), {"photos": files}, headers=HTMX)

    part = answer.content.decode()
    assert answer.status_code == 200
    assert Photo.objects.count() == 1
    assert "<bdi>notes.pdf</bdi></strong>: This is not a photo" in part
    assert "<bdi>IMG_2.HEIC</bdi></strong>: HEIC pictures cannot be read" in part
    assert "Photo added." in part


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("files", [[], [b""], [b"GIF89a"]])
def test_nothing_changes_when_no_file_was_good(
    files: list[bytes], headers: dict[str, str], client: Client, rma: Rma, media: Path
) -> None:
    sent = {"photos": [a_file("x.jpg", data) for data in files]} if files else {}

    answer = client.post(photos_url(rma), sent, headers=headers)

    assert answer.status_code == 422
    assert not Photo.objects.exists()
    assert not RmaEvent.objects.exists()
    assert files_in(media) == []


def test_what_was_wrong_is_said_after_a_plain_form_too(client: Client, rma: Rma) -> None:
    files = [a_file(), a_file("notes.pdf", b"%PDF-1.7")]

    page = client.post(photos_url(rma), {"photos": files}, follow=True).content.decode()

    assert "Photo added." in page
    assert "notes.pdf This is not a photo" in page


def test_no_more_than_twenty_are_kept_of_one_return(client: Client, ana: User, rma: Rma) -> None:
    for number in range(MOST_PHOTOS):
        make_photo(rma, by=ana, sha256=bytes([number]) * 32)

    answer = client.post(photos_url(rma), {"photos": a_file()}, headers=HTMX)

    assert answer.status_code == 422
    assert "has 20 photos already" in answer.content.decode()
    assert Photo.objects.count() == MOST_PHOTOS
    assert 'type="file"' not in answer.content.decode()


def test_a_full_disk_keeps_no_row_without_its_file(
    rma: Rma, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(Refused, match="the disk takes no more"):
        add_photo(read_picture(picture_bytes()), rma, bench=Bench(ana))

    assert not Photo.objects.exists()


def test_a_photo_makes_nobodys_open_form_stale(client: Client, rma: Rma) -> None:
    client.post(photos_url(rma), {"photos": a_file()})

    assert Rma.objects.get(pk=rma.pk).version == rma.version


def test_the_bench_may_add_and_a_location_admin_may_not(
    shop: Shop, rma: Rma, log_in: LogIn
) -> None:
    bench = log_in(make_staff(shop=shop, role=Role.WAREHOUSE))
    onlooker = log_in(make_staff(shop=shop, role=Role.LOCATION_ADMIN))

    assert bench.post(photos_url(rma), {"photos": a_file()}).status_code == 302
    assert onlooker.post(photos_url(rma), {"photos": a_file()}).status_code == 403
    assert Photo.objects.count() == 1


def test_the_move_itself_asks_for_the_right(rma: Rma, shop: Shop) -> None:
    onlooker = make_staff(shop=shop, role=Role.LOCATION_ADMIN)

    with pytest.raises(Refused):
        add_photo(read_picture(picture_bytes()), rma, bench=Bench(onlooker))

    assert not Photo.objects.exists()


def test_nobody_adds_to_the_return_of_another_shop(client: Client) -> None:
    other = make_rma(make_shop())

    assert client.post(photos_url(other), {"photos": a_file()}).status_code == 404
    assert not Photo.objects.exists()


# Seeing


def test_a_photo_is_sent_so_that_it_can_only_be_a_photo(
    client: Client, ana: User, rma: Rma
) -> None:
    photo = make_photo(rma, by=ana)

    answer = client.get(reverse("photo", args=[photo.pk]))

    assert Image.open(io.BytesIO(answer.content)).size == (64, 48)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == "inline"
    assert answer["Cache-Control"] == "private, max-age=86400, immutable"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Cookie" in answer["Vary"]


def test_a_list_gets_the_small_picture(client: Client, ana: User, rma: Rma) -> None:
    picture = read_picture(picture_bytes(size=(1600, 1200)))
    photo = make_photo(rma, by=ana, file=photo_files.keep(picture), sha256=picture.sha256)
    url = reverse("photo", args=[photo.pk])

    small, whole = client.get(url, {"size": "small"}), client.get(url)

    assert Image.open(io.BytesIO(small.content)).size == (320, 240)
    assert Image.open(io.BytesIO(whole.content)).size == (1600, 1200)


def test_without_its_small_picture_the_whole_one_is_sent(
    client: Client, ana: User, rma: Rma
) -> None:
    photo = make_photo(rma, by=ana)
    Path(photo.file.path).with_suffix(".small.jpg").unlink()

    assert client.get(reverse("photo", args=[photo.pk]), {"size": "small"}).status_code == 200


def test_a_photo_whose_file_is_lost_is_not_found_and_kept_by_no_cache(
    client: Client, ana: User, rma: Rma
) -> None:
    photo = make_photo(rma, by=ana)
    Path(photo.file.path).unlink()

    answer = client.get(reverse("photo", args=[photo.pk]))

    assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize("role", Role.values)
def test_whoever_sees_the_return_sees_its_photos(
    role: str, shop: Shop, rma: Rma, ana: User, log_in: LogIn
) -> None:
    photo = make_photo(rma, by=ana)
    person = make_staff(shop=shop, role=role)

    answer = log_in(person).get(reverse("photo", args=[photo.pk]))

    assert (answer.status_code == 200) == person.may(Permission.VIEW_RMAS, shop)


def test_photos_of_another_shop_do_not_exist(client: Client, ana: User, rma: Rma) -> None:
    there = make_photo(make_rma(make_shop()), by=ana)

    assert client.get(reverse("photo", args=[there.pk])).status_code == 404
    assert client.post(reverse("photo_remove", args=[there.pk])).status_code == 404
    assert Client().get(reverse("photo", args=[there.pk])).status_code == 302


@pytest.mark.parametrize("photos", [1, 12])
def test_all_photos_of_a_return_cost_one_query(
    photos: int,
    ana: User,
    rma: Rma,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    line = make_receipt_line(rma, rma.items.get(), by=ana)
    for number in range(photos):
        make_photo(rma, by=ana, sha256=bytes([number]) * 32, line=line)
    access, clock = Access(ana), Clock(timezone.now(), "UTC")
    assert access.memberships
    lines, items = list(rma.receipt_lines.all()), list(rma.items.all())

    with django_assert_num_queries(1):
        page = photos_of(access, rma, clock, lines, items)

    assert [shot.of for shot in page.shots] == ["1 × JACKET-M, Good, restock"] * photos


# Removing


def test_who_took_it_can_remove_it_at_once(
    client: Client, ana: User, rma: Rma, media: Path
) -> None:
    photo = make_photo(rma, by=ana)

    part = client.post(reverse("photo_remove", args=[photo.pk]), headers=HTMX)

    assert part.status_code == 200
    assert "Photo removed." in part.content.decode()
    assert not Photo.objects.exists()
    assert files_in(media) == []
    assert RmaEvent.objects.get().text == f"Photo {photo.mark} removed by who took it"
    assert AuditEntry.objects.filter(action="rma.photo_removed").count() == 1


def test_a_file_that_another_return_shows_too_stays(ana: User, rma: Rma, media: Path) -> None:
    first, _ = make_photo(rma, by=ana), make_photo(make_rma(rma.shop), by=ana)

    remove_photo(first.pk, by=ana)

    assert len(files_in(media)) == 2


def test_after_a_moment_or_by_others_or_once_decided_it_stays(
    client: Client, ana: User, wanda: User, rma: Rma
) -> None:
    command = make_command(rma, by=ana)
    told = make_receipt_line(rma, rma.items.get(), by=ana, command=command)
    stays = [
        make_photo(rma, by=ana, colour="red", taken_at=timezone.now() - timedelta(minutes=11)),
        make_photo(rma, by=wanda, colour="blue"),
        make_photo(rma, by=ana, colour="green", line=told),
    ]

    answers = [
        client.post(reverse("photo_remove", args=[photo.pk]), headers=HTMX) for photo in stays
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    for answer, why in zip(
        answers, ["for 10 minutes", "Only who took", "decided already"], strict=True
    ):
        assert why in answer.content.decode()
    assert Photo.objects.count() == 3
    assert not RmaEvent.objects.exists()
    assert ">Remove" not in answers[0].content.decode()


def test_a_photo_of_a_parcel_is_added_and_removed_there(
    client: Client, ana: User, shop: Shop
) -> None:
    parcel = make_parcel(shop, by=ana)
    url = reverse("parcel_photos", args=[parcel.pk])

    client.post(url, {"photos": a_file()})
    photo = Photo.objects.get()
    back = client.post(reverse("photo_remove", args=[photo.pk]), {"back": "parcel"})

    assert (photo.parcel, photo.rma) == (parcel, None)
    assert back["Location"] == f"{parcel.get_absolute_url()}#photos"
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["parcel.photo_added", "parcel.photo_removed"]


def test_a_person_of_two_shops_sees_the_photos_of_both(ana: User, log_in: LogIn) -> None:
    second = make_shop()
    give_role(ana, second, Role.AGENT)
    photo = make_photo(make_rma(second), by=ana)

    assert log_in(ana).get(reverse("photo", args=[photo.pk])).status_code == 200
