from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest

from returns_ops.accounts.models import User


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    def user_logged_in(
        self, sender: type[User], request: HttpRequest, user: User, **kwargs: Any
    ) -> None:
        """A badge says nothing about the password: its scan must not clear the wrong guesses."""
        if not user.by_badge:
            super().user_logged_in(sender, request, user, **kwargs)
