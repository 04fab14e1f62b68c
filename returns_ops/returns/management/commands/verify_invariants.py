import sys
from typing import Any

from django.core.management.base import BaseCommand

from returns_ops.returns.invariants import INVARIANTS, broken


class Command(BaseCommand):
    help = "Checks every promise about messages and money; exits 1 if one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        found = broken()
        for one in found:
            self.stdout.write(f"BROKEN {one.name}")
            for row in one.rows:
                self.stdout.write(f"    {', '.join(str(value) for value in row)}")
        if found:
            sys.exit(1)
        self.stdout.write(f"All {len(INVARIANTS)} invariants hold.")
