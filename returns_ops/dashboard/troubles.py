"""Why nothing goes out to Narvar, for the banner of every screen that it concerns."""

from datetime import datetime
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString

from returns_ops.accounts.permissions import Permission
from returns_ops.dashboard.access import Access
from returns_ops.dashboard.health import ShopHealth
from returns_ops.dashboard.show.formats import Clock
from returns_ops.dashboard.show.traffic import kinds_in_words

WAIT = "decisions are saved and wait."


class Trouble(NamedTuple):
    tone: str
    icon: str
    text: SafeString | str


def troubles_of(access: Access, *, domain: str, where: str, now: datetime) -> list[Trouble]:
    """Of the shop on the screen, or of all when it shows all."""
    concerned = [health for health in access.health if health.domain == domain] or access.health
    if where == "home":
        # It lists them with everything else that is broken, for whoever sees messages.
        listed = {shop.pk for shop in access.shops_with(Permission.VIEW_MESSAGES)}
        concerned = [health for health in concerned if health.shop_id not in listed]
    return [trouble for health in concerned for trouble in troubles(health, now)]


def troubles(health: ShopHealth, now: datetime) -> list[Trouble]:
    found, shop = [], health.domain
    if health.problem:
        problem = health.problem.rstrip(".")
        text = f"{shop}: {problem}. Decisions are saved and go out once this is solved."
        found.append(Trouble("err", "link-slash", text))
    if health.paused:
        text = f"Calls to Narvar are paused for {shop}: {WAIT}"
        found.append(Trouble("warn", "pause-circle", text))
    elif health.paused_kinds:
        text = f"{kinds_in_words(health.paused_kinds)} are paused for {shop}: {WAIT}"
        found.append(Trouble("warn", "pause-circle", text))
    if health.breaker_open:
        probe = Clock(now, "UTC").countdown(health.probe_at)
        said = format_html("Narvar does not answer for {}; next probe in {}:", shop, probe)
        found.append(Trouble("warn", "signal-slash", format_html("{} {}", said, WAIT)))
    return found
