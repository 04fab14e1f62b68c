"""The webhook door as a process of its own: one URL, no sessions, no templates."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.ingress_settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
