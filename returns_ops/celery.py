"""The alarm clock: wakes workers, holds no work. The truth is in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")

app = Celery("returns_ops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["returns_ops.narvar"])
