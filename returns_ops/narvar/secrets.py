"""What we encrypt (Narvar's password) and what we only recognise (the webhook password)."""

import hashlib
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

# Narvar encodes "user:password" with Ruby's encode64, which breaks the line after 45 bytes:
# longer credentials would put a line feed into the header.
PASSWORD_BYTES = 24


class KeyLost(Exception):
    """The stored password cannot be read with the keys in FIELD_KEYS."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


def encrypt(plain: str) -> str:
    return _fernet().encrypt(plain.encode()).decode()


def decrypt(token: str) -> str:
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise KeyLost("The password cannot be decrypted with the current FIELD_KEYS") from error


def rotate(token: str) -> str:
    """The same secret under the newest key, so that the older ones can be dropped."""
    try:
        return _fernet().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise KeyLost("The password cannot be decrypted with the current FIELD_KEYS") from error


def new_webhook_username() -> str:
    return f"narvar{secrets.token_hex(3)}"


def new_webhook_password() -> str:
    """32 characters, 192 random bits: a plain hash is enough, and is quick at the door."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def fingerprint(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()
