"""Settings of the door: everything the endpoint does not need is left out."""

from returns_ops import environment as env
from returns_ops.settings import *  # noqa: F403
from returns_ops.settings import DATABASES, SERVER_NOTICES_SILENCE

ROOT_URLCONF = "returns_ops.ingress_urls"
MIDDLEWARE = []
# The answer must come well before Narvar's six seconds: a quick 503 instead of a late 200.
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"]["OPTIONS"],  # type: ignore[dict-item]
    "connect_timeout": 2,
    "tcp_user_timeout": 3_000,
    "application_name": env.text("PROCESS_NAME", "returns-ops-ingress"),
    "server_side_binding": True,
    "prepare_threshold": 2,
    "options": f"-c statement_timeout=3000 -c lock_timeout=1000 {SERVER_NOTICES_SILENCE}",
}
