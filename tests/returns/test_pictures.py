"""What phones send is kept as a plain JPEG; whatever else comes is refused in words."""

import io
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from returns_ops.returns import pictures
from returns_ops.returns.pictures import NotAPicture, Picture, read_picture

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825


def encoded(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def plain(size: tuple[int, int] = (64, 48), colour: str = "red") -> Image.Image:
    return Image.new("RGB", size, colour)


def shown(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.data))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_kept_as_jpeg_under_the_hash_of_exactly_these_bytes(form: str) -> None:
    picture = read_picture(encoded(plain(), form))

    kept = shown(picture)
    assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (64, 48))
    assert (picture.width, picture.height) == (64, 48)
    assert len(picture.sha256) == 32
    assert read_picture(encoded(plain(), form)) == picture


def test_the_content_decides_and_not_what_it_is_called() -> None:
    with pytest.raises(NotAPicture, match="not a photo"):
        read_picture(encoded(plain(), "GIF"))
    with pytest.raises(NotAPicture, match="not a photo"):
        read_picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>")


def test_a_large_photo_is_made_smaller_and_keeps_its_shape() -> None:
    picture = read_picture(encoded(plain((5000, 2500))))

    assert (picture.width, picture.height) == (2000, 1000)
    assert Image.open(io.BytesIO(picture.small)).size == (320, 160)


def test_a_small_photo_is_not_blown_up() -> None:
    picture = read_picture(encoded(plain((200, 3))))

    assert (picture.width, picture.height) == (200, 3)
    assert Image.open(io.BytesIO(picture.small)).size == (200, 3)


def test_a_photo_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    sideways = plain((64, 48))
    sideways.paste("blue", (0, 0, 8, 48))  # the left edge, which becomes the top

    picture = read_picture(encoded(sideways, exif=exif, quality=95))

    upright = shown(picture)
    assert upright.size == (48, 64)
    red, _, blue = upright.getpixel((24, 2))  # type: ignore[misc]
    assert blue > red


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_where_and_by_whom_it_was_taken_is_kept(form: str) -> None:
    exif = Image.Exif()
    exif[MAKE] = "A phone of somebody"
    exif.get_ifd(GPS)[1] = "N"
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "taken at home")
    told: dict[str, object] = {"exif": exif, "icc_profile": b"colours of a device"}
    told |= {"comment": "taken at home"} if form == "JPEG" else {}
    told |= {"pnginfo": notes} if form == "PNG" else {}

    picture = read_picture(encoded(plain(), form, **told))

    for kept in (Image.open(io.BytesIO(data)) for data in (picture.data, picture.small)):
        assert dict(kept.getexif()) == {}
        assert set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"phone" not in picture.data
    assert b"at home" not in picture.data


def test_what_is_transparent_becomes_white() -> None:
    picture = read_picture(encoded(Image.new("RGBA", (8, 8), (255, 0, 0, 0)), "PNG"))

    assert shown(picture).getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16"])
def test_pictures_without_colours_are_read_too(mode: str) -> None:
    assert read_picture(encoded(Image.new(mode, (8, 8)), "PNG")).width == 8


def test_sixteen_bits_of_grey_stay_grey() -> None:
    grey = Image.new("I;16", (8, 8), 30_000)

    assert shown(read_picture(encoded(grey, "PNG"))).getpixel((4, 4)) == (117, 117, 117)


def test_a_damaged_note_beside_a_good_picture_does_not_spoil_it() -> None:
    data = encoded(plain(), exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff")

    assert read_picture(data).width == 64


def test_an_iphones_own_format_is_refused_with_the_way_out() -> None:
    heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)

    with pytest.raises(NotAPicture, match="Most Compatible"):
        read_picture(heic)


def test_an_empty_file_and_one_too_large_are_refused_unread() -> None:
    with pytest.raises(NotAPicture, match="empty"):
        read_picture(b"")
    with pytest.raises(NotAPicture, match="12 MB"):
        read_picture(encoded(plain()) + bytes(pictures.MOST_BYTES))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be as large as that."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    body = chunk(b"IHDR", size + b"\x08\x02\x00\x00\x00") + chunk(b"IDAT", zlib.compress(bytes(99)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("width", "height"), [(10_000, 5_001), (10_000, 9_000), (60_000, 60_000), (2**31 - 1, 1)]
)
def test_a_picture_that_would_fill_the_memory_is_refused_undrawn(width: int, height: int) -> None:
    with pytest.raises(NotAPicture):
        read_picture(bomb(width, height))


def test_a_picture_in_a_thousand_passes_is_refused_undrawn() -> None:
    data = encoded(plain(), progressive=True)
    scan = data.index(b"\xff\xda")

    with pytest.raises(NotAPicture, match="damaged"):
        read_picture(data[:scan] + data[scan : scan + 12] * 100 + data[scan:])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_that_did_not_arrive_whole_is_refused(form: str) -> None:
    noise = Image.effect_noise((300, 200), 90).convert("RGB")
    data = encoded(noise, form)

    with pytest.raises(NotAPicture):
        read_picture(data[: len(data) // 2])


PHOTOS = [encoded(Image.effect_noise((40, 30), 90).convert("RGB"), form) for form in pictures.KNOWN]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A photo with some of its bytes replaced, left out or put in."""
    data = bytearray(draw(st.sampled_from(PHOTOS)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        end = min(place + draw(st.integers(0, 9)), len(data))
        data[place:end] = draw(st.binary(max_size=9))
    return bytes(data)


@given(st.one_of(st.binary(max_size=200), spoilt()))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_picture_or_refused_in_a_sentence(data: bytes) -> None:
    try:
        picture = read_picture(data)
    except NotAPicture as problem:
        said = str(problem)
    else:
        said = "Kept."
        assert shown(picture).size == (picture.width, picture.height)

    assert said.endswith(".")


def test_random_starts_of_known_formats_never_break_out() -> None:
    chance = random.Random(7)
    for start in (
        b"\xff\xd8\xff\xe1",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"\0\0\0 ftyp",
    ):
        for _ in range(60):
            with pytest.raises(NotAPicture):
                read_picture(start + chance.randbytes(chance.randrange(400)))
