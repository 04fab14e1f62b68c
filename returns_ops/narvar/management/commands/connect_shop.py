import json
import os
from dataclasses import asdict
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from returns_ops.narvar.connections import Details, connect


class Command(BaseCommand):
    help = "Creates or updates a shop and prints what to enter at Narvar, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("domain", help="my-shop.myshopify.com")
        parser.add_argument("--narvar-url", required=True)
        parser.add_argument("--narvar-username", required=True)
        parser.add_argument("--currency", help="of a new shop: USD")
        parser.add_argument("--timezone", help="of a new shop: UTC")
        parser.add_argument("--alias", action="append", default=[], dest="aliases")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("NARVAR_PASSWORD") or getpass("Narvar's password: ")
        details = Details(
            domain=options["domain"],
            narvar_url=options["narvar_url"],
            narvar_username=options["narvar_username"],
            narvar_password=password,
            currency=options["currency"] and options["currency"].upper(),
            timezone=options["timezone"],
            aliases=options["aliases"],
        )
        try:
            door = connect(details)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(json.dumps(asdict(door), indent=2))
