import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from returns_ops.embedded import Hold, stop
from tests.stack.holding import answers, birth, eventually, gone, holder, pids


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cluster for all tests of this file, below a path that is too long for a socket."""
    directory = tmp_path_factory.mktemp("embedded") / ("long" * 40)
    yield directory
    stop(directory)


def test_a_second_hold_gets_the_same_servers(home: Path) -> None:
    with Hold(home) as first, Hold(home) as second:
        assert second.database_url == first.database_url
        assert birth(second) == birth(first)
        assert answers(second)


def test_the_servers_outlive_the_first_hold_and_end_with_the_last(home: Path) -> None:
    first, second = Hold(home), Hold(home)
    processes = pids(home)

    first.release()
    assert answers(second)
    second.release()

    assert gone(processes)


def test_the_servers_end_when_their_only_holder_is_killed(home: Path) -> None:
    process = holder(home)
    processes = pids(home)

    process.kill()
    process.wait()

    assert eventually(lambda: gone(processes))


def test_the_servers_end_when_their_keeper_is_killed(home: Path) -> None:
    with Hold(home):
        processes = pids(home)

        os.kill(processes[0], signal.SIGKILL)

        assert eventually(lambda: gone(processes[1:]))


def test_after_everything_was_killed_the_next_start_works(home: Path) -> None:
    process = holder(home)
    everything = [process.pid, *pids(home)]
    for pid in everything:
        os.kill(pid, signal.SIGKILL)
    process.wait()
    assert eventually(lambda: gone(everything))

    with Hold(home) as hold:
        assert answers(hold)


def test_stale_files_that_name_a_living_process_do_not_stop_a_start(home: Path) -> None:
    with Hold(home):
        pass
    us = os.getpid()
    (home / "postgres" / "postmaster.pid").write_text(f"{us}\n{home}\n1\n5432\n\n127.0.0.1\n")
    (home / "redis.pid").write_text(f"{us} 6379\n")
    (home / "state.json").write_text(json.dumps({"keeper": str(us)}))

    with Hold(home) as hold:
        assert answers(hold)


def test_a_server_that_dies_comes_back_at_the_same_address(home: Path) -> None:
    with Hold(home) as hold:
        before = birth(hold)
        for pid in pids(home)[1:]:
            os.kill(pid, signal.SIGKILL)

        assert eventually(lambda: answers(hold))
        assert birth(hold) != before


def test_nobody_gets_in_without_the_password(home: Path) -> None:
    with Hold(home) as hold:
        port = urlsplit(hold.database_url).port

        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host="127.0.0.1", port=port, user="postgres", password="guess")

        assert (home / "state.json").stat().st_mode & 0o077 == 0
        assert (home / "password").stat().st_mode & 0o077 == 0
