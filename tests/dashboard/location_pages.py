"""The screens of return locations as a person uses them: forms are read before they are sent."""

import re
from html import unescape
from typing import Any

from django.test import Client
from django.utils import timezone

from returns_ops.accounts.models import Shop
from returns_ops.returns.location_snapshot import facts_of
from returns_ops.returns.models import ReturnLocation
from tests.circle import Circle
from tests.narvar.asking import DOCK, look

ANDOVER: dict[str, str] = {
    "name": "Andover DC",
    "country_code": "US",
    "state_code": "MA",
    "address1": "12 Main Road",
    "address2": "Suite 4",
    "city": "Andover",
    "postal_code": "01810",
    "phone": "1-415-555-5555",
    "accepts_mail": "on",
    "pasted": "",
    "latitude": "42.6583",
    "longitude": "-71.137",
}


def hidden(page: str) -> dict[str, str]:
    """What a form sends without anybody typing it."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def open_form(client: Client, url: str) -> dict[str, str]:
    answer = client.get(url)
    assert answer.status_code == 200
    return hidden(answer.content.decode())


def add(client: Client, **changes: Any) -> Any:
    known = open_form(client, "/locations/new/")
    return client.post("/locations/new/", {**known, **ANDOVER, **changes})


def edit(client: Client, location: ReturnLocation, **changes: Any) -> Any:
    url = f"{location.get_absolute_url()}edit/"
    return client.post(url, {**open_form(client, url), **ANDOVER, **changes})


def delete(client: Client, location: ReturnLocation, **typed: Any) -> Any:
    url = f"{location.get_absolute_url()}delete/"
    return client.post(url, {**open_form(client, url), **typed})


def text(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


def settled(circle: Circle) -> None:
    """What was asked for is sent, and looked for."""
    circle.send()
    look()


def the_only() -> ReturnLocation:
    return ReturnLocation.objects.get(removed_at=None)


def place(shop: Shop, name: str, **fields: Any) -> ReturnLocation:
    """One that is at Narvar as here."""
    known = {**DOCK, "name": name, "narvar_id": f"id-{name}", "read_at": timezone.now(), **fields}
    location = ReturnLocation(shop=shop, **known)
    location.shown = location.agreed = facts_of(location)
    location.save()
    return location
