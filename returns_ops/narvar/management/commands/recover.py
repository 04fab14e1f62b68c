from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from returns_ops.accounts.models import Shop
from returns_ops.narvar import recovery
from returns_ops.narvar.reading import LookupFailed


class Command(BaseCommand):
    help = (
        "After a restore from a backup: holds every call to Narvar, and reads again what changed "
        "there since the backup was taken. Run it before the workers; end it with --resume."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--since", type=_moment, help="the backup's time, 2026-11-28T09:00Z")
        what.add_argument("--resume", action="store_true", help="let the calls go out again")

    def handle(self, *args: Any, **options: Any) -> None:
        shops = list(Shop.objects.filter(connection__isnull=False).order_by("domain"))
        if options["resume"]:
            recovery.let_go(shops)
            self.stdout.write(f"The calls of {len(shops)} shops go out again.")
            return
        recovery.hold_all(shops)
        recovery.reread_known(options["since"])
        for shop in shops:
            self.stdout.write(f"{shop.domain}: {_reread(shop, options['since'])}")
        self.stdout.write("Start the workers. When you have looked: manage.py recover --resume")


def _reread(shop: Shop, since: datetime) -> str:
    try:
        return f"{recovery.reread_changed(shop, since)} returns changed since then and were read."
    except LookupFailed as error:
        return f"Not read: {error}. The workers read its open returns one by one."


def _moment(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None:
        raise CommandError(f"{text} is not a time: 2026-11-28T09:00Z is one.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)
