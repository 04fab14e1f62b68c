"""The alarm clock: wakes workers, holds no work. The truth is in PostgreSQL."""

import os

from celery import Celery
from celery.signals import worker_process_init

from returns_ops.warming import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")

app = Celery("returns_ops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["returns_ops.narvar"])


def _settle(**_: object) -> None:
    settle()


worker_process_init.connect(_settle, weak=False)
