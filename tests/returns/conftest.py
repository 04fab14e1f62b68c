import pytest

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Command
from tests.returns.asking import Team, ask, make_return, make_team


@pytest.fixture
def team(shop: Shop) -> Team:
    return make_team(shop)


@pytest.fixture
def asked(team: Team) -> Command:
    """53.00 USD, asked for by Ana."""
    return ask(make_return(team.shop, "RM-1"), team.ana, reason="Goodwill")
