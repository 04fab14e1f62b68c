"""`make bench`: each benchmark against its limit, measured side by side in one run.

Trust the ratios, not the absolutes: a shared machine varies twofold between runs.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returns_ops.settings")
django.setup()

from django.core.management import call_command

from benchmarks import door, drain, lists, scan
from benchmarks.table import Row, keep, show

BENCHMARKS = {"door": door.run, "drain": drain.run, "lists": lists.run, "scan": scan.run}


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"No such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
        return 2
    call_command("migrate", verbosity=0)
    rows: list[Row] = []
    for name in names or BENCHMARKS:
        print(f"… {name}", flush=True)
        rows += BENCHMARKS[name]()
    show(rows)
    print(f"written to {keep(names or list(BENCHMARKS), rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
