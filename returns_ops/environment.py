"""Reads settings from the environment and refuses, in words, what it cannot understand."""

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("development", "production")


def load_dotenv(path: Path) -> None:
    """Take `NAME=value` lines; what the environment already says wins."""
    if not path.is_file():
        return
    for line in path.read_text().splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


def environment() -> str:
    name = os.environ.get("RETURNS_OPS_ENV", "development")
    if name not in ENVIRONMENTS:
        raise ImproperlyConfigured(
            f"RETURNS_OPS_ENV is {name!r}; it must be one of {', '.join(ENVIRONMENTS)}"
        )
    return name


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "") or default


def required(name: str) -> str:
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} must be set in production; see .env.example")
    return value


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def number(name: str, default: float) -> float:
    value = text(name, str(default))
    try:
        return float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a number") from error


def flag(name: str, default: bool) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; it must be 1 or 0")


def kept_secret(path: Path, make: str) -> str:
    """A development secret: made once, kept beside the data that it protects."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Fernet.generate_key().decode() if make == "fernet" else secrets.token_urlsafe(50)
        partial = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        partial.touch(mode=0o600)
        partial.write_text(fresh)
        try:
            os.link(partial, path)  # of two processes that start at once, one secret wins
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    return path.read_text().strip()


def postgres(url: str) -> dict[str, object]:
    """`postgresql://user:password@host:port/name?host=/socket/dir` as Django wants it."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must start with postgresql://")
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", "") or parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": {name: unquote(value) for name, value in query.items()},
    }
