from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from returns_ops.narvar import secrets
from returns_ops.narvar.models import Connection


class Command(BaseCommand):
    help = "Encrypts every stored password anew with the first of FIELD_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        links = Connection.objects.select_related("shop").select_for_update(of=("self",))
        with transaction.atomic():
            for link in links:
                try:
                    fresh = secrets.rotate(link.narvar_password_encrypted)
                except secrets.KeyLost as error:
                    raise CommandError(f"{link.shop}: {error}. Nothing was changed.") from error
                Connection.objects.filter(pk=link.pk).update(narvar_password_encrypted=fresh)
            count = len(links)
        self.stdout.write(f"{count} passwords are encrypted with the newest key.")
