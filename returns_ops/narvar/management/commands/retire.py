import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from returns_ops.messaging.locks import alone
from returns_ops.narvar import retention

AN_HOUR = 3600


class Command(BaseCommand):
    help = (
        "Lets go what is kept for long enough (EVENT_DAYS, ANSWER_DAYS, LOGIN_DAYS, "
        "SCAN_DAYS, NOTICE_DAYS), all of it. "
        "The workers do the same each hour, a quarter of a minute long."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many would go")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            for one in retention.would_go():
                self.stdout.write(f"{one.name}: {one.gone} would go")
            return
        with alone("retire_old") as nobody_else:
            if not nobody_else:
                raise CommandError("A worker is at it right now: try again in a minute.")
            told = retention.retire(until=time.monotonic() + AN_HOUR)
        for one in told:
            left = "" if one.through else ", and more is left"
            self.stdout.write(f"{one.name}: {one.gone} gone{left}")
        if failed := [one.name for one in told if one.failed]:
            raise CommandError(f"Batches failed; the log says why: {', '.join(failed)}")
