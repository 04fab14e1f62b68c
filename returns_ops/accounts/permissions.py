"""Who may do what, per shop. Roles add up: a person with two roles may do what either may."""

from django.db import models


class Role(models.TextChoices):
    WAREHOUSE = "warehouse", "Warehouse"
    AGENT = "agent", "Agent"
    APPROVER = "approver", "Approver"
    LOCATION_ADMIN = "location_admin", "Location admin"
    SECURITY_ADMIN = "security_admin", "Security admin"


class Permission(models.TextChoices):
    VIEW_RMAS = "view_rmas", "See returns"
    RECEIVE = "receive", "Receive and inspect"
    APPROVE = "approve", "Approve, with or without refund"
    RESOLVE = "resolve", "Resolve exceptions"
    SECOND_APPROVAL = "second_approval", "Approve what a colleague asked for"
    MANAGE_LOCATIONS = "manage_locations", "Correct return locations"
    MANAGE_SHOP = "manage_shop", "Manage people, shops and credentials"
    VIEW_MESSAGES = "view_messages", "See events and commands"
    REVEAL = "reveal", "See personal data in full"


_BENCH = {Permission.VIEW_RMAS, Permission.RECEIVE, Permission.APPROVE}
_DESK = _BENCH | {Permission.RESOLVE, Permission.VIEW_MESSAGES, Permission.REVEAL}

PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.WAREHOUSE: frozenset(_BENCH),
    Role.AGENT: frozenset(_DESK),
    Role.APPROVER: frozenset(_DESK | {Permission.SECOND_APPROVAL}),
    Role.LOCATION_ADMIN: frozenset({Permission.VIEW_RMAS, Permission.MANAGE_LOCATIONS}),
    # Sees messages to judge a connection, but neither returns nor money.
    Role.SECURITY_ADMIN: frozenset({Permission.MANAGE_SHOP, Permission.VIEW_MESSAGES}),
}

# A badge may be lost or lent: whoever is logged in by one has these rights of their roles not.
BY_PASSWORD_ONLY = frozenset({Permission.SECOND_APPROVAL, Permission.MANAGE_SHOP})


def roles_with(permission: Permission) -> list[str]:
    return [role for role, granted in PERMISSIONS.items() if permission in granted]
