"""Fills the demo: a shop connected to the simulator, one person per role, an administrator.

Runs as a process of its own (`python -m returns_ops.demo`), before the stack starts. Secrets that
can be shown only once are kept in `var/demo.json`, for as long as the database is the same one.
"""

import io
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.core.management import call_command
from django.db import connection

from returns_ops.embedded.server import free_port, is_free

SHOP = "demo-store.myshopify.com"
PASSWORD = "returns-demo"
ADMINISTRATOR = "admin"
NARVAR_USERNAME = "demo-store"
NARVAR_PORT = 9400
PEOPLE = {
    "wanda": "warehouse",
    "agnes": "agent",
    "alma": "approver",
    "lou": "location_admin",
    "sam": "security_admin",
}


@dataclass(kw_only=True)
class Demo:
    database: str
    narvar_port: int
    narvar_password: str
    webhook_path: str
    webhook_username: str
    webhook_password: str


def load(var: Path) -> Demo | None:
    try:
        return Demo(**json.loads((var / "demo.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def prepare(var: Path) -> Demo:
    call_command("migrate", interactive=False, verbosity=0)
    database, demo = _database(), load(var)
    if demo is not None and demo.database == database:
        if is_free(demo.narvar_port):
            return demo
        return _connect(var, database, demo.narvar_password)
    world(var).unlink(missing_ok=True)  # another database knows nothing of that world's returns
    demo = _connect(var, database, secrets.token_urlsafe(24))
    _add_people()
    return demo


def world(var: Path) -> Path:
    return var / "narvar-simulator.json"


def _connect(var: Path, database: str, narvar_password: str) -> Demo:
    port = NARVAR_PORT if is_free(NARVAR_PORT) else free_port()
    os.environ["NARVAR_PASSWORD"] = narvar_password
    printed = io.StringIO()
    call_command(
        "connect_shop",
        SHOP,
        narvar_url=f"http://127.0.0.1:{port}",
        narvar_username=NARVAR_USERNAME,
        stdout=printed,
    )
    door = json.loads(printed.getvalue())
    demo = Demo(
        database=database,
        narvar_port=port,
        narvar_password=narvar_password,
        webhook_path=urlsplit(door["webhook_url"]).path,
        webhook_username=door["webhook_username"],
        webhook_password=door["webhook_password"],
    )
    _keep(var, demo)
    return demo


def _keep(var: Path, demo: Demo) -> None:
    partial = var / f".demo.json.{os.getpid()}"
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(asdict(demo), indent=2))
    partial.rename(var / "demo.json")


def _add_people() -> None:
    os.environ["STAFF_PASSWORD"] = PASSWORD
    for name, role in PEOPLE.items():
        call_command("add_staff", name, shop=SHOP, role=role, stdout=io.StringIO())
    from returns_ops.accounts.models import User  # needs django.setup()

    if not User.objects.filter(username=ADMINISTRATOR).exists():
        os.environ["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
        call_command(
            "createsuperuser",
            username=ADMINISTRATOR,
            email=f"{ADMINISTRATOR}@{socket.gethostname()}.invalid",
            interactive=False,
            verbosity=0,
        )


def _database() -> str:
    """Which one, so that secrets of a deleted database are not mistaken for this one's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier, current_database() FROM pg_control_system()")
        identifier, name = cursor.fetchone() or ("", "")
    return f"{identifier}/{name}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
    django.setup()
    from django.conf import settings

    prepare(Path(settings.VAR))
