"""The process that runs both servers for as long as anybody holds them, and no longer."""

import json
import os
import secrets
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from returns_ops.embedded.children import server_account
from returns_ops.embedded.hold import make_home, open_lock, try_lock
from returns_ops.embedded.postgres import Postgres
from returns_ops.embedded.redis_server import RedisServer
from returns_ops.embedded.server import DidNotStart, NotWanted

LOOK_SECONDS = 0.1
PREDECESSOR_SECONDS = 20


class Keeper:
    def __init__(self, home: Path, *, temporary: bool, quick: bool) -> None:
        self.home = home
        self.temporary = temporary
        self.quick = quick
        self.ending = False
        self.lock = open_lock(home / "keeper.lock")
        self.holders = open_lock(home / "holders.lock")

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end_soon)
        if not self._alone():
            print("Another keeper of these servers does not end.")
            return 1
        try:
            return self._serve()
        except (DidNotStart, RuntimeError, OSError) as error:
            print(error)
            return 1
        finally:
            if self.temporary:
                shutil.rmtree(self.home, ignore_errors=True)

    def _alone(self) -> bool:
        deadline = time.monotonic() + PREDECESSOR_SECONDS
        while not try_lock(self.lock):
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        (self.home / "state.json").unlink(missing_ok=True)
        self.lock.truncate(0)
        self.lock.write(str(os.getpid()).encode())
        return True

    def _serve(self) -> int:
        postgres, redis = self._servers()
        try:
            redis.start(self._wanted)
            postgres.start(self._wanted)
            self._announce(postgres, redis)
            while self._wanted():
                postgres.revive(self._wanted)
                redis.revive(self._wanted)
                time.sleep(LOOK_SECONDS)
        except NotWanted:
            pass
        finally:
            (self.home / "state.json").unlink(missing_ok=True)
            redis.end()
            postgres.end()
        return 0

    def _servers(self) -> tuple[Postgres, RedisServer]:
        database = self.home / Postgres.name
        account = server_account(database if database.exists() else self.home)
        self.home.chmod(0o700 if account is None else 0o711)
        password = self._password()
        postgres = Postgres(self.home, account, password, quick=self.quick)
        return postgres, RedisServer(self.home, account, password)

    def _password(self) -> str:
        path = self.home / "password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text().strip()

    def _announce(self, postgres: Postgres, redis: RedisServer) -> None:
        state = {
            "keeper": str(os.getpid()),
            "database_url": postgres.url,
            "redis_url": redis.url,
        }
        write_private(self.home / "state.json", json.dumps(state))

    def _wanted(self) -> bool:
        """Once nobody holds, the lock stays ours: whoever comes now waits for our successor."""
        return not self.ending and not try_lock(self.holders) and self._home_is_still_ours()

    def _home_is_still_ours(self) -> bool:
        try:
            return os.path.samestat(
                os.stat(self.home / "keeper.lock"), os.fstat(self.lock.fileno())
            )
        except FileNotFoundError:
            return False

    def _end_soon(self, number: int, frame: FrameType | None) -> None:
        self.ending = True


def write_private(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.rename(path)


def keep(home: Path, *, temporary: bool, quick: bool) -> NoReturn:
    """Ends the process at once after the work: its lock must tell the truth to the last."""
    make_home(home)
    keeper = Keeper(home, temporary=temporary, quick=quick)
    code = keeper.run()
    sys.stdout.flush()
    os._exit(code)
