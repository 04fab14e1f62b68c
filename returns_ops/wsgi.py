import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
application = get_wsgi_application()

from returns_ops.warming import read_pages, settle  # noqa: E402  (they need the settings)

read_pages()
settle()
