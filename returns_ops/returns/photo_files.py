"""Where pictures lie: under the hash of their content, written whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.files.storage import default_storage

from returns_ops.returns.pictures import Picture

SMALL = ".small.jpg"


def name_of(sha256: bytes) -> str:
    """`photos/ab/ab12….jpg`, as the storage knows it."""
    digest = sha256.hex()
    return f"photos/{digest[:2]}/{digest}.jpg"


def small_name_of(name: str) -> str:
    return name.removesuffix(".jpg") + SMALL


def keep(picture: Picture) -> str:
    """The name under which it lies. Raises OSError when the disk takes no more."""
    name = name_of(picture.sha256)
    _write(small_name_of(name), picture.small)
    _write(name, picture.data)
    return name


def drop(name: str) -> None:
    """The caller made sure that nothing shows it any more."""
    for known in (name, small_name_of(name)):
        with suppress(FileNotFoundError):
            Path(default_storage.path(known)).unlink()


def _write(name: str, data: bytes) -> None:
    target = Path(default_storage.path(name))
    if target.exists():  # named by its content: what lies there is the same
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise
    _settle(target.parent)


def _settle(folder: Path) -> None:
    """A new name survives a power cut only once its folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
