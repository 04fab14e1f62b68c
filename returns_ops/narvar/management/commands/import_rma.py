from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from returns_ops.accounts.models import Shop
from returns_ops.narvar.lookup import Question, ask
from returns_ops.narvar.reading import LookupFailed


class Command(BaseCommand):
    help = "Fetches RMAs from Narvar by RMA number, order number or e-mail, and applies them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("domain")
        names = parser.add_mutually_exclusive_group(required=True)
        names.add_argument("--rma", default="", dest="rma_number")
        names.add_argument("--order", default="", dest="order_number")
        names.add_argument("--email", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        shop = Shop.objects.filter(domain=options["domain"].lower()).first()
        if shop is None:
            raise CommandError(f"There is no shop {options['domain']}; see connect_shop.")
        named = {name: options[name] for name in ("rma_number", "order_number", "email")}
        try:
            found = ask(shop, Question(**named))
        except LookupFailed as error:
            raise CommandError(str(error)) from error
        for problem in found.problems:
            self.stderr.write(problem)
        if not found.rma_numbers:
            raise CommandError("Narvar knows no such return.")
        for number in found.rma_numbers:
            self.stdout.write(number)
