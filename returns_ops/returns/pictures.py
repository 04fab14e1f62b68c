"""Photos from phones, made safe to keep: judged by content, upright, bare of data, smaller."""

import hashlib
import io
import threading
from dataclasses import dataclass, field

from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2000
SMALL_SIDE = 320
QUALITY = 85
KNOWN = ("JPEG", "PNG", "WEBP")
# A picture drawn in very many passes is small to send and takes minutes to draw.
MOST_SCANS = 64
START_OF_SCAN = b"\xff\xda"
APPLE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
WHITE = (255, 255, 255)

NOTHING = "The file is empty. Take the photo again."
TOO_BIG = "The file is larger than 12 MB. Take the photo with a lower resolution."
TOO_WIDE = "The picture has more than 50 million pixels. Take it with a lower resolution."
FROM_APPLE = (
    "HEIC pictures cannot be read here. On the iPhone, choose Settings, Camera, Formats, "
    "“Most Compatible”, and take the photo again."
)
STRANGE = "This is not a photo: only JPEG, PNG and WebP pictures can be kept."
BROKEN = "The picture is damaged or did not arrive whole. Choose it again, or take a new one."

# One big picture takes 200 MB while it is read, so a process reads one at a time.
_one_at_a_time = threading.Lock()


class NotAPicture(ValueError):
    """The text says to a person why the file cannot be kept, and what to do."""


@dataclass(frozen=True)
class Picture:
    """`data` is a JPEG made by us, without any metadata; `sha256` (32 bytes) is of exactly that.

    `width` and `height` are in pixels. `small` is the same picture for a list, also JPEG.
    """

    data: bytes = field(repr=False)
    sha256: bytes
    width: int
    height: int
    small: bytes = field(repr=False)


def read_picture(data: bytes) -> Picture:
    """Raises NotAPicture for whatever is none, whatever it calls itself."""
    _judge(data)
    try:
        with _one_at_a_time:
            image = _plain(data)
            whole, small = _encoded(image), _encoded(_within(image, SMALL_SIDE))
    except NotAPicture:
        raise
    except UnidentifiedImageError as problem:
        raise NotAPicture(STRANGE) from problem
    # Hostile bytes make decoders raise nearly anything: OSError, SyntaxError, struct.error…
    except Exception as problem:
        raise NotAPicture(BROKEN) from problem
    return Picture(whole, hashlib.sha256(whole).digest(), image.width, image.height, small)


def _judge(data: bytes) -> None:
    """What can be said before anything is decoded."""
    if not data:
        raise NotAPicture(NOTHING)
    if len(data) > MOST_BYTES:
        raise NotAPicture(TOO_BIG)
    if data[4:8] == b"ftyp" and data[8:12] in APPLE_BRANDS:
        raise NotAPicture(FROM_APPLE)
    if data.startswith(b"\xff\xd8") and data.count(START_OF_SCAN) > MOST_SCANS:
        raise NotAPicture(BROKEN)


def _plain(data: bytes) -> Image.Image:
    """Upright, at most 2000 px a side, in RGB, and nothing but its pixels."""
    with Image.open(io.BytesIO(data), formats=KNOWN) as image:
        if image.width * image.height > MOST_PIXELS:
            raise NotAPicture(TOO_WIDE)
        # Asked before it is loaded, a JPEG is decoded at a fraction of its size.
        image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
        small = _within(_coloured(image), LONGEST_SIDE)
    return _opaque(_upright(small))


def _coloured(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey, which a plain conversion cuts to white
        image = image.point(lambda grey: grey / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _within(image: Image.Image, side: int) -> Image.Image:
    """A copy, never larger than it was."""
    scale = min(1.0, side / max(image.size))
    width, height = (max(1, round(length * scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    # What a camera noted beside the picture may be damaged: the picture is good all the same.
    except Exception:
        return image


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        ground = image
    else:
        ground = Image.new("RGB", image.size, WHITE)
        ground.paste(image, mask=image.getchannel("A"))
    ground.info = {}  # a comment would be written along otherwise
    return ground


def _encoded(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()
