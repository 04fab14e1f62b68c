"""What other tests stand on."""

import hashlib

from returns_ops.accounts.models import Shop
from tests.builders import make_command, make_event, make_rma, make_staff


def test_the_builders_hash_what_they_store(shop: Shop) -> None:
    command = make_command(make_rma(shop), by=make_staff(shop=shop))
    event = make_event(shop, b"abc")

    assert bytes(command.body_sha256) == hashlib.sha256(bytes(command.body)).digest()
    assert bytes(event.body_sha256) == hashlib.sha256(b"abc").digest()
