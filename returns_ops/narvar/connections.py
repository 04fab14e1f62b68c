"""Connecting a shop: how we call Narvar, and how Narvar calls us."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.models import Shop, ShopQuerySet, User
from returns_ops.messaging.models import AttemptOutcome
from returns_ops.messaging.outbox import Answer
from returns_ops.narvar import secrets
from returns_ops.narvar.client import NotSent, allowed
from returns_ops.narvar.models import Connection, WebhookCredential
from returns_ops.returns.money import is_known

VALID_PAIRS = 2
DOMAIN = re.compile(r"(?=.{4,255}$)[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True, kw_only=True)
class Details:
    domain: str
    narvar_url: str
    narvar_username: str
    narvar_password: str
    currency: str | None = None  # None: as it is; USD and UTC for a new shop
    timezone: str | None = None
    aliases: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Door:
    """What to enter at Narvar. The password is known only now."""

    webhook_url: str
    webhook_username: str
    webhook_password: str


@transaction.atomic
def connect(details: Details, *, by: User | None = None) -> Door:
    """Create or update a shop, and issue a new webhook password beside the one in use."""
    domain, aliases = _check(details)
    shop, created = Shop.objects.get_or_create(domain=domain)
    shop.currency = details.currency or shop.currency
    shop.timezone = details.timezone or shop.timezone
    shop.aliases = sorted(aliases | set(shop.aliases))
    shop.save(update_fields=["currency", "timezone", "aliases"])
    Connection.objects.update_or_create(
        shop=shop,
        defaults={
            "narvar_url": details.narvar_url.rstrip("/"),
            "narvar_username": details.narvar_username,
            "narvar_password_encrypted": secrets.encrypt(details.narvar_password),
            "problem": "",
            # Its return locations are read by the next run of a worker.
            "locations_wanted_at": timezone.now(),
        },
    )
    door = issue_webhook_credential(shop)
    verb = "connected" if created else "reconnected"
    audit.record(f"shop.{verb}", domain, shop=shop, actor=by, narvar_url=details.narvar_url)
    return door


def issue_webhook_credential(shop: Shop) -> Door:
    """A new pair; the one before it stays valid until the next: a rotation loses nothing."""
    password = secrets.new_webhook_password()
    pair = WebhookCredential.objects.create(
        shop=shop,
        username=secrets.new_webhook_username(),
        password_sha256=secrets.fingerprint(password),
    )
    valid = WebhookCredential.objects.filter(shop=shop, retired_at=None).order_by("-id")
    for old in valid[VALID_PAIRS:]:
        old.retired_at = timezone.now()
        old.save(update_fields=["retired_at"])
    return Door(
        webhook_url=webhook_url(shop),
        webhook_username=pair.username,
        webhook_password=password,
    )


def webhook_url(shop: Shop) -> str:
    return settings.PUBLIC_URL + reverse("webhook", args=[shop.uuid])


def stored_name(domain: str) -> str:
    return domain.strip().lower()


def _check(details: Details) -> tuple[str, set[str]]:
    """The domain and aliases in their stored form; ValidationError with all that is wrong."""
    domain = stored_name(details.domain)
    aliases = {stored_name(alias) for alias in details.aliases}
    wrong = faults_of_shop(
        domain,
        currency=details.currency,
        timezone=details.timezone,
        aliases=aliases,
        others=Shop.objects.exclude(domain=domain),
    )
    wrong += faults_of_username(details.narvar_username)
    if not details.narvar_password:
        wrong.append("Narvar's password must not be empty")
    wrong += faults_of_address(details.narvar_url)
    if wrong:
        raise ValidationError(wrong)
    return domain, aliases


def faults_of_shop(
    domain: str,
    *,
    currency: str | None,
    timezone: str | None,
    aliases: Iterable[str],
    others: ShopQuerySet,
) -> list[str]:
    """What is wrong with a shop, in words. No name may belong to two shops."""
    names = [domain, *aliases]
    wrong = [
        f"{name!r} is not a domain such as my-shop.myshopify.com"
        for name in names
        if not DOMAIN.fullmatch(name)
    ]
    if currency is not None and not is_known(currency):
        wrong.append(f"{currency!r} is not a currency of ISO 4217")
    if timezone is not None and timezone not in available_timezones():
        wrong.append(f"{timezone!r} is not a time zone such as Europe/Berlin")
    for name in names:
        if taken := others.answering_to(name).first():
            wrong.append(f"{name} already belongs to {taken}")
    return wrong


def faults_of_username(username: str) -> list[str]:
    if not username:
        return ["Narvar's user name must not be empty"]
    if ":" in username:
        return ["Narvar's user name cannot hold a colon: Basic authentication ends it there"]
    return []


def faults_of_address(url: str) -> list[str]:
    try:
        if not urlsplit(url).scheme.startswith("http"):
            return [f"{url!r} is not a URL such as https://szero.narvar.com"]
        allowed(url)
    except (NotSent, ValueError) as error:
        return [str(error)]
    return []


def note_answer(link: Connection, answer: Answer) -> None:
    """A refused credential or a wrong address stops the shop, and is said on its screens.

    Until it is mended: an answer to the one before says nothing of the one that replaced it while
    it was under way, and neither does an answer that is none.
    """
    same = Connection.objects.filter(
        pk=link.pk,
        narvar_url=link.narvar_url,
        narvar_username=link.narvar_username,
        narvar_password_encrypted=link.narvar_password_encrypted,
    )
    if answer.outcome in (AttemptOutcome.UNAUTHORISED, AttemptOutcome.MISCONFIGURED):
        same.update(problem=answer.problem)
    elif answer.outcome in (AttemptOutcome.ACCEPTED, AttemptOutcome.REFUSED):
        same.exclude(problem="").update(problem="")
