import os
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from returns_ops.accounts import audit
from returns_ops.accounts.models import Membership, Shop, User
from returns_ops.accounts.permissions import Role


class Command(BaseCommand):
    help = "Creates a person, or gives one a further role at a shop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--shop", required=True, help="its domain")
        parser.add_argument("--role", required=True, choices=Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        shop = Shop.objects.filter(domain=options["shop"].lower()).first()
        if shop is None:
            raise CommandError(f"There is no shop {options['shop']}; see connect_shop.")
        user = User.objects.filter(username=options["username"]).first()
        known = user is not None
        password = "" if known else _new_password(options["username"])
        with transaction.atomic():
            if user is None:
                user = User.objects.create_user(options["username"], password=password)
            elif os.environ.get("STAFF_PASSWORD"):
                _change_password(user, os.environ["STAFF_PASSWORD"])
            Membership.objects.get_or_create(user=user, shop=shop, role=options["role"])
            if options["role"] == Role.SECURITY_ADMIN and not user.is_staff:
                user.is_staff = True  # their tool is the admin
                user.save(update_fields=["is_staff"])
            audit.record(
                "staff.role_given", user.username, shop=shop, actor=None, role=options["role"]
            )
        self.stdout.write(f"{user} is {options['role']} at {shop}")


def _new_password(username: str) -> str:
    password = os.environ.get("STAFF_PASSWORD") or getpass(f"Password for {username}: ")
    return _checked(password, User(username=username))


def _change_password(user: User, password: str) -> None:
    user.set_password(_checked(password, user))
    user.save(update_fields=["password"])


def _checked(password: str, user: User) -> str:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return password
