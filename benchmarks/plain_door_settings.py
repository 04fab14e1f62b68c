"""Settings of the plain door: the product's own database, nothing that the view does not need."""

from returns_ops.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.plain_door"
MIDDLEWARE = []
