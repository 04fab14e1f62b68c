"""The webhook door as a process of its own: one URL, no sessions, no templates."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.ingress_settings")

from django.core.wsgi import get_wsgi_application

django = get_wsgi_application()

# They need the settings.
from returns_ops.narvar.doorway import with_door  # noqa: E402
from returns_ops.warming import settle  # noqa: E402

application = with_door(django)
settle()
