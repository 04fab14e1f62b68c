"""A shop's connection, both ways: how we call Narvar, how Narvar calls us, what came of it."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.safestring import SafeString

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.traffic import Calls, calls_of
from returns_ops.narvar import silence
from returns_ops.narvar.connections import webhook_url
from returns_ops.narvar.models import Connection, WebhookCredential

Facts = list[tuple[str, SafeString | str]]


@dataclass(frozen=True)
class ShopPage:
    shop: Shop
    all_calls: list[Calls]
    connected: bool
    ours: Facts
    theirs: Facts
    quiet: bool
    edit: str


def shop_page(access: Access, shop: Shop, now: datetime) -> ShopPage:
    link = Connection.objects.filter(shop=shop).first()
    heard = silence.silence(shop, now=now)
    editable = access.user.is_staff and access.may(Permission.MANAGE_SHOP, shop)
    only = Access(access.user, Permission.MANAGE_SHOP, chosen=shop.domain)
    only.memberships = access.memberships
    return ShopPage(
        shop=shop,
        all_calls=calls_of(only, now) if link else [],
        connected=link is not None,
        ours=_ours(link),
        theirs=[
            ("Webhook URL", webhook_url(shop)),
            *_credentials(shop, Clock(now, shop.timezone)),
            ("News", heard.words[:1].upper() + heard.words[1:]),
        ],
        quiet=heard.quiet,
        edit=reverse("admin:accounts_shop_change", args=[shop.pk]) if editable else "",
    )


def _ours(link: Connection | None) -> Facts:
    if link is None:
        return []
    return [
        ("Address", link.narvar_url),
        ("User name", link.narvar_username),
        ("Password", "stored encrypted, never shown"),
        ("Last problem", link.problem or "none"),
    ]


def _credentials(shop: Shop, clock: Clock) -> Facts:
    valid = WebhookCredential.objects.filter(shop=shop, retired_at=None).order_by("-pk")
    return [
        (f"User name since {clock.wall(pair.created_at)}", pair.username) for pair in valid
    ] or [("User name", "none: Narvar cannot reach us")]
