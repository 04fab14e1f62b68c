"""What a process does before its first request, so that nobody waits for it then."""

import gc

from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse


def read_pages() -> None:
    """All views and templates, which a process otherwise reads while the first person waits."""
    reverse("home")
    ours = settings.BASE_DIR / "templates"
    for file in ours.rglob("*.html"):
        get_template(str(file.relative_to(ours)))


def settle() -> None:
    """What lives as long as the process need not be looked through again with each collection."""
    gc.collect()
    gc.freeze()
