from django.urls import path

from returns_ops.narvar import health, ingress

urlpatterns = [
    path("webhooks/narvar/<uuid:shop>/", ingress.receive, name="webhook"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
