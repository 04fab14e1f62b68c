"""How a child starts so that it cannot outlive its parent, and does not run as root."""

import contextlib
import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
LINUX = sys.platform == "linux"
libc = ctypes.CDLL(None, use_errno=True)


def dies_with_parent(number: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends the child this signal when its parent is gone."""
    parent = os.getpid()
    return lambda: die_with(parent, number)


def die_with(parent: int, number: signal.Signals) -> None:
    """From now on, this process gets the signal when its parent is gone."""
    if LINUX:
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def server_account(directory: Path) -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root, so root lends it an account that exists already."""
    if os.geteuid() != 0:
        return None
    for uid in (directory.stat().st_uid, Path(__file__).stat().st_uid):
        with contextlib.suppress(KeyError):
            if uid != 0:
                return pwd.getpwuid(uid)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("PostgreSQL cannot run as root, and there is no account named nobody.")


def as_server(account: pwd.struct_passwd | None, ending: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: own session, not root, dies with the keeper."""
    die = dies_with_parent(ending)

    def prepare() -> None:
        os.umask(0o077)
        if account is not None:
            if LINUX:
                libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
            if LINUX:
                _keep_the_right_to_pass_closed_directories()
        die()  # last: a change of user takes the death signal away

    return prepare


def _keep_the_right_to_pass_closed_directories() -> None:
    """A checkout below a closed home stays closed: the server passes, the modes do not change.

    Where root itself lacks the right (some containers) this does nothing, and open directories
    on the way still let the server in.
    """
    bit = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    rights = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if libc.capset(header, rights) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
