from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.narvar.models import Connection
from returns_ops.returns.models import Rma
from tests.builders import make_command, make_shop, make_staff
from tests.circle import Circle
from tests.narvar_simulator import Simulator

LogIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture(params=[Role.APPROVER, Role.SECURITY_ADMIN])
def keeper(request: pytest.FixtureRequest, shop: Shop, log_in: LogIn) -> Client:
    """Either of those who may stop a shop."""
    return log_in(make_staff("kim", shop, request.param))


def url(shop: Shop, act: str = "pause") -> str:
    return reverse(f"calls_{act}", args=[shop.domain])


def test_calls_are_paused_after_a_review_with_a_reason(
    keeper: Client, shop: Shop, rma: Rma, ana: User
) -> None:
    make_command(rma, by=ana)
    assert "1 command would wait" in keeper.get(url(shop)).content.decode()
    assert Connection.objects.get().paused is False

    answer = keeper.post(url(shop), {"reason": "Wrong amounts"}, follow=True)

    assert Connection.objects.get().paused is True
    assert "Resume" in answer.content.decode()
    entry = AuditEntry.objects.get(action="calls.paused")
    assert (entry.actor and entry.actor.username, entry.data["reason"]) == ("kim", "Wrong amounts")


def test_and_resumed(keeper: Client, shop: Shop, rma: Rma, ana: User) -> None:
    make_command(rma, by=ana)
    Connection.objects.update(paused=True)
    assert "1 command waits and goes out" in keeper.get(url(shop, "resume")).content.decode()

    keeper.post(url(shop, "resume"))

    assert Connection.objects.get().paused is False
    assert AuditEntry.objects.filter(action="calls.resumed", shop=shop).count() == 1


def test_one_kind_alone_is_paused_and_resumed(keeper: Client, shop: Shop) -> None:
    keeper.post(url(shop), {"reason": "Wrong amounts", "kind": "approval"})
    assert (Connection.objects.get().paused, Connection.objects.get().paused_kinds) == (
        False,
        ["approval"],
    )
    assert "Partly paused" in keeper.get(reverse("messages_out")).content.decode()

    keeper.post(url(shop, "resume"), {"kind": "approval"})

    assert Connection.objects.get().paused_kinds == []


def test_without_a_reason_nothing_stops(keeper: Client, shop: Shop) -> None:
    answer = keeper.post(url(shop), {"reason": "  "})

    assert answer.status_code == 422
    assert "Say why" in answer.content.decode()
    assert Connection.objects.get().paused is False
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("role", [Role.WAREHOUSE, Role.AGENT, Role.LOCATION_ADMIN])
def test_others_neither_may_nor_are_offered_it(role: Role, shop: Shop, log_in: LogIn) -> None:
    client = log_in(make_staff(shop=shop, role=role))

    assert client.post(url(shop), {"reason": "x"}).status_code == 403
    assert "pause/" not in client.get(reverse("messages_out")).content.decode()
    assert Connection.objects.get().paused is False


def test_a_shop_that_calls_nobody_cannot_be_paused(ana: User, log_in: LogIn) -> None:
    loose = make_shop(connected=False)
    client = log_in(make_staff(shop=loose, role=Role.APPROVER))

    assert client.get(url(loose)).status_code == 404
    assert "Not connected to Narvar" in client.get(reverse("messages_out")).content.decode()


class TestTheShopPage:
    @pytest.fixture
    def sam(self, circle: Circle, log_in: LogIn) -> Client:
        sam = make_staff("sam", circle.shop, Role.SECURITY_ADMIN, is_staff=True)
        return log_in(sam)

    def test_it_shows_both_directions_and_no_password(self, sam: Client, circle: Circle) -> None:
        page = sam.get(reverse("shop", args=[circle.shop.domain])).content.decode()

        for words in (circle.door.webhook_url, circle.door.webhook_username, "No event yet"):
            assert words in page
        assert circle.door.webhook_password not in page
        assert reverse("admin:accounts_shop_change", args=[circle.shop.pk]) in page

    def test_a_connection_is_tested(self, sam: Client, circle: Circle, narvar: Simulator) -> None:
        test = reverse("shop_test", args=[circle.shop.domain])

        good = sam.post(test, headers=HTMX).content.decode()
        narvar.set_credentials(circle.shop.domain, username="warehouse-api", password="other")
        bad = sam.post(test).content.decode()

        assert "OK: Narvar answered in" in good
        assert "<html" not in good
        assert "refused our credential" in bad
        assert AuditEntry.objects.filter(action="connection.tested").count() == 2

    def test_a_shop_without_a_connection_says_so(self, log_in: LogIn, db: None) -> None:
        loose = make_shop(connected=False)
        client = log_in(make_staff(shop=loose, role=Role.SECURITY_ADMIN))

        page = client.get(reverse("shop", args=[loose.domain])).content.decode()

        assert "Not connected: nothing can be sent" in page
        assert "Test connection" not in page
