"""`make bench`: each benchmark against its limit, measured side by side in one run.

Trust the ratios, not the absolutes: a shared machine varies twofold between runs.
"""

import os
import sys
import traceback

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
django.setup()

from django.core.management import call_command

from benchmarks import (
    apart,
    door,
    drain,
    drain_among,
    growing_old,
    lists,
    migrations,
    pages,
    scan,
    way_out,
    working_day,
)
from benchmarks.table import Row, keep, show

BENCHMARKS = {
    "door": door.run,
    "drain": drain.run,
    "lists": lists.run,
    "pages": pages.run,  # among the returns that the lists leave
    "drain_among": drain_among.run,
    "scan": scan.run,
    "way_out": way_out.run,
    "working_day": working_day.run,
    "apart": apart.run,
    "growing_old": growing_old.run,  # leaves an hour of events
    "migrations": migrations.run,  # last: what it takes back and makes again is empty
}

FAILED = "failed"


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"No such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
        return 2
    call_command("migrate", verbosity=0)
    rows: list[Row] = []
    for name in names or BENCHMARKS:
        print(f"… {name}", flush=True)
        measured = _measured(name)
        show(measured)
        rows += measured
    print(f"written to {keep(names or list(BENCHMARKS), rows)}")
    return 1 if any(row.value == FAILED for row in rows) else 0


def _measured(name: str) -> list[Row]:
    """What the others measured in an hour must not be lost with one that fails."""
    try:
        return BENCHMARKS[name]()
    except Exception:
        traceback.print_exc()
        return [Row(name, FAILED)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
