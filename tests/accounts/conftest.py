import pytest

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Role
from tests.builders import make_staff


@pytest.fixture
def sam(shop: Shop) -> User:
    """A colleague of Wanda's."""
    return make_staff("sam", shop, Role.WAREHOUSE, first_name="Sam", last_name="Lee")
