"""Badges: a code on a card that says who works at a shared bench. Only its hash is stored."""

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import User

PREFIX = "BADGE:"
# Scanners type like a keyboard: letters that sit elsewhere on French or German ones are left out,
# and digits, which some keyboards type with Shift. 20 of 18 letters are 83 bits.
ALPHABET = "BCDEFGHJKLNPRSTUVX"
LENGTH = 20


@transaction.atomic
def issue_badge(user: User, *, by: User) -> str:
    """A new badge for this person, shown this once; the one before it opens nothing any more."""
    token = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    had = _locked(user).badge_sha256 is not None
    _keep(user, hash_of(token))
    audit.record("badge.issued", user.username, shop=None, actor=by, replaced=had)
    return token


@transaction.atomic
def revoke_badge(user: User, *, by: User) -> bool:
    """Whether there was one. Sessions that it began end with it."""
    if _locked(user).badge_sha256 is None:
        return False
    _keep(user, None)
    audit.record("badge.revoked", user.username, shop=None, actor=by)
    return True


def holder_of(token: str) -> User | None:
    """Whose badge this is. Looked up by its hash: how long that takes tells nothing of the code."""
    return User.objects.filter(badge_sha256=hash_of(token), is_active=True).first()


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.strip().upper().encode(errors="replace")).digest()


def _locked(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _keep(user: User, sha256: bytes | None) -> None:
    user.badge_sha256 = sha256
    user.badge_made_at = None if sha256 is None else timezone.now()
    user.save(update_fields=["badge_sha256", "badge_made_at"])
