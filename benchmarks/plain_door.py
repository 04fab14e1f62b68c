"""What most would write: a Django view and the ORM's `create`, with the shop looked up by its id.

No check of credentials, no middleware and no retry of the same webhook: kept as quick as it can be.
"""

import hashlib
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.plain_door_settings")

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

application = get_wsgi_application()

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Event


@csrf_exempt
def receive(request: HttpRequest, shop: str) -> JsonResponse:
    webhook_id = request.headers.get("X-Narvar-Webhook-Id", "")
    digest = hashlib.sha256(request.body).digest()
    Event.objects.create(
        shop=Shop.objects.get(uuid=shop),
        dedup_key=hashlib.sha256(webhook_id.encode() + digest).digest(),
        webhook_id=webhook_id,
        body=request.body,
        body_sha256=digest,
        headers=dict(request.headers),
    )
    return JsonResponse({}, headers={"Content-Length": "2"})


urlpatterns = [path("webhooks/narvar/<uuid:shop>/", receive)]
