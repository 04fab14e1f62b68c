"""What POST /api/returns answers. Whether it was done is not read from here."""

from returns_ops.narvar.wire.decode import clean, decode
from returns_ops.narvar.wire.remarks import Remarks
from returns_ops.narvar.wire.unreadable import Unreadable
from returns_ops.narvar.wire.values import LONGEST_NAME

LONGEST_ADDRESS = 2_000
LONGEST = {
    "rma_number": LONGEST_NAME,
    "shipping_label": LONGEST_ADDRESS,
    "qr_code": LONGEST_ADDRESS,
}


def parse_new_return(body: bytes) -> dict[str, str]:
    """The number and the label of the new return, as far as the answer can be read."""
    try:
        document = clean(decode(body), Remarks())
    except Unreadable:
        return {}
    if not isinstance(document, dict):
        return {}
    found = {key: document.get(key) for key in LONGEST}
    return {
        key: value.strip()
        for key, value in found.items()
        if isinstance(value, str) and 0 < len(value.strip()) <= LONGEST[key]
    }
