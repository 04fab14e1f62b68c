"""The second person's screens as a person reads them."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from returns_ops.messaging.models import Command

LIST = "/approvals/"


def url_of(command: Command, act: str = "") -> str:
    return reverse("approval" + (f"_{act}" if act else ""), args=[command.pk])


def text(answer: Any) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return text(answer)
