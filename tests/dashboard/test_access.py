import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import PERMISSIONS, Permission, Role
from returns_ops.dashboard import urls
from returns_ops.messaging import replay
from returns_ops.messaging.models import Command, ReplayJob
from returns_ops.messaging.replay import Selection
from returns_ops.returns.models import BulkJob, Case, Rma
from tests.builders import make_command, make_event, make_rma, make_shop, make_staff
from tests.dashboard.desk_cases import make_case

LogIn = Callable[[User], Client]
GETS = {
    "rmas": Permission.VIEW_RMAS,
    "rmas_changes": Permission.VIEW_RMAS,
    "messages_in": Permission.VIEW_MESSAGES,
    "messages_in_changes": Permission.VIEW_MESSAGES,
    "messages_out": Permission.VIEW_MESSAGES,
    "messages_out_changes": Permission.VIEW_MESSAGES,
    "replay": Permission.RESOLVE,
    "approvals": Permission.APPROVE,
    "exceptions": Permission.RESOLVE,
    "exceptions_changes": Permission.RESOLVE,
    "case_next": Permission.RESOLVE,
    "case_jobs": Permission.RESOLVE,
    "desk_macros": Permission.RESOLVE,
    "notices": Permission.RESOLVE,
    "locations": Permission.VIEW_RMAS,
    "locations_export": Permission.VIEW_RMAS,
    "location_new": Permission.MANAGE_LOCATIONS,
    "location_import_new": Permission.MANAGE_LOCATIONS,
}
CANCEL = {Permission.RESOLVE, Permission.MANAGE_LOCATIONS}
SWITCH = {Permission.MANAGE_SHOP, Permission.SECOND_APPROVAL}
# Address, method, and the rights of which one is needed; the objects are those of `things`.
ACTS = {
    "event": ("/messages/in/{event}/", "get", {Permission.VIEW_MESSAGES}),
    "reveal": ("/messages/in/{event}/reveal/", "post", {Permission.RESOLVE}),
    "job": ("/messages/in/replay/{job}/", "get", {Permission.VIEW_MESSAGES}),
    "stop": ("/messages/in/replay/{job}/stop/", "post", {Permission.RESOLVE}),
    "command": ("/messages/out/{command}/", "get", {Permission.VIEW_MESSAGES}),
    "tracker": ("/messages/out/{command}/tracker/", "get", {Permission.VIEW_MESSAGES}),
    "send_now": ("/messages/out/{command}/send-now/", "post", {Permission.RESOLVE}),
    "undo": ("/commands/{command}/undo/", "post", {Permission.APPROVE}),
    "send_as_new": ("/messages/out/{command}/send-as-new/", "get", {Permission.SECOND_APPROVAL}),
    "command_cancel": ("/messages/out/{command}/cancel/", "post", CANCEL),
    "give_up": ("/messages/out/{command}/give-up/", "get", {Permission.SECOND_APPROVAL}),
    "approval": ("/approvals/{command}/", "get", {Permission.APPROVE}),
    "review": ("/approvals/{command}/approve/", "get", {Permission.SECOND_APPROVAL}),
    "approve_request": ("/approvals/{command}/approve/", "post", {Permission.SECOND_APPROVAL}),
    "send_back": ("/approvals/{command}/send-back/", "post", {Permission.SECOND_APPROVAL}),
    "shop": ("/shops/{shop}/", "get", {Permission.MANAGE_SHOP}),
    "pause": ("/shops/{shop}/pause/", "get", SWITCH),
    "resume": ("/shops/{shop}/resume/", "get", SWITCH),
    "case": ("/exceptions/{case}/", "get", {Permission.RESOLVE}),
    "case_act": ("/exceptions/{case}/act/", "post", {Permission.RESOLVE}),
    "case_reveal": ("/exceptions/{case}/reveal/", "post", {Permission.REVEAL}),
    "case_presence": ("/exceptions/{case}/presence/", "post", {Permission.RESOLVE}),
    "case_job": ("/exceptions/jobs/{bulk}/", "get", {Permission.RESOLVE}),
    "case_job_stop": ("/exceptions/jobs/{bulk}/stop/", "post", {Permission.RESOLVE}),
    "rma_reveal": ("/rmas/{shop}/RM-2001/reveal/", "post", {Permission.REVEAL}),
    "refresh": ("/rmas/{shop}/RM-2001/refresh/", "post", {Permission.VIEW_RMAS}),
}


def test_every_view_names_its_permission() -> None:
    unnamed = [
        pattern.name
        for pattern in urls.urlpatterns
        if isinstance(pattern, URLPattern) and not hasattr(pattern.callback, "permissions")
    ]

    assert unnamed == ["login"]


def test_a_stranger_is_sent_to_the_login_from_every_screen(db: None, rma: Rma) -> None:
    stranger = Client()
    screens = [reverse(name) for name in ("home", "nav_counts", "preferences", *GETS)]
    screens += [rma.get_absolute_url(), reverse("event", args=[1]), reverse("command", args=[1])]

    for screen in screens:
        answer = stranger.get(screen)
        assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={screen}")


def test_a_part_that_outlived_its_login_sends_the_page_to_the_login(db: None) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/rmas/?tab=all"}

    answer = Client().get("/nav/counts/", headers=headers)

    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/login/?next=%2Frmas%2F%3Ftab%3Dall"


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("name", GETS)
def test_a_role_opens_what_it_may_and_nothing_else(
    name: str, role: str, shop: Shop, log_in: LogIn
) -> None:
    client = log_in(make_staff(shop=shop, role=role))

    answer = client.get(reverse(name), {"seen_at": "2026-01-01T00:00:00Z"})

    assert (answer.status_code in (200, 204)) == (GETS[name] in PERMISSIONS[role])


@pytest.fixture
def things(rma: Rma, ana: User) -> dict[str, object]:
    event = make_event(rma.shop, subject=rma.rma_number)
    job = replay.start(Selection(shop=rma.shop, event=event), by=ana, why="to see")
    command = make_command(rma, by=ana)
    case = make_case(rma.shop, rma=rma)
    bulk = BulkJob.objects.create(
        shop=rma.shop, action="resolve", started_by=ana, submission_token=uuid.uuid4()
    )
    return {
        "shop": rma.shop.domain,
        "event": event.pk,
        "job": job.pk,
        "command": command.pk,
        "case": case.pk,
        "bulk": bulk.pk,
    }


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("act", [act for act in ACTS if act != "refresh"])
def test_a_role_does_what_it_may_and_nothing_else(
    act: str, role: str, things: dict[str, object], shop: Shop, log_in: LogIn
) -> None:
    url, method, rights = ACTS[act]
    client = log_in(make_staff(shop=shop, role=role))

    answer = getattr(client, method)(url.format(**things))

    assert (answer.status_code != 403) == bool(rights & PERMISSIONS[role])


def everything() -> list[object]:
    return [
        list(Command.objects.values()),
        list(ReplayJob.objects.values()),
        list(Case.objects.values()),
        list(BulkJob.objects.values()),
        AuditEntry.objects.count(),
    ]


@pytest.mark.parametrize("act", ACTS)
def test_a_person_of_another_shop_finds_none_of_it(
    act: str, things: dict[str, object], log_in: LogIn
) -> None:
    stranger = make_staff(shop=make_shop(), role=Role.APPROVER)
    stranger.memberships.create(shop=make_shop(), role=Role.SECURITY_ADMIN)
    url, method, _ = ACTS[act]
    before = everything()

    answer = getattr(log_in(stranger), method)(url.format(**things))

    assert answer.status_code == 404
    assert everything() == before


def test_a_refused_page_says_which_roles_may(shop: Shop, log_in: LogIn) -> None:
    client = log_in(make_staff(shop=shop, role=Role.WAREHOUSE))

    answer = client.get(reverse("messages_in"))

    assert answer.status_code == 403
    assert "agent, approver and security admin" in answer.content.decode()


def test_a_security_admin_finds_no_way_to_returns(shop: Shop, rma: Rma, log_in: LogIn) -> None:
    client = log_in(make_staff(shop=shop, role=Role.SECURITY_ADMIN))
    make_event(shop, subject=rma.rma_number)

    pages = [client.get(reverse(name)).content.decode() for name in ("home", "messages_in")]

    assert all('href="/rmas/' not in page for page in pages)
    assert client.get(rma.get_absolute_url()).status_code == 403


def test_what_belongs_to_another_shop_does_not_exist(client: Client, ana: User) -> None:
    other = make_rma(make_shop())
    command, event = make_command(other, by=ana), make_event(other.shop)
    post = {"refund": "1", "version": "1", "submission_token": command.submission_token}

    assert client.get(other.get_absolute_url()).status_code == 404
    assert client.post(f"{other.get_absolute_url()}approve/", post).status_code == 404
    assert client.get(f"{other.get_absolute_url()}tracker/").status_code == 404
    assert client.get(reverse("event", args=[event.pk])).status_code == 404
    assert client.get(reverse("command", args=[command.pk])).status_code == 404
    assert client.post(reverse("command_undo", args=[command.pk])).status_code == 404
    assert other.rma_number not in client.get(reverse("rmas")).content.decode()


def test_an_agent_of_two_shops_sees_one_when_they_choose_it(
    shop: Shop, ana: User, log_in: LogIn
) -> None:
    second = make_shop("second.myshopify.com")
    ana.memberships.create(shop=second, role=Role.AGENT)
    make_rma(shop, "FIRST"), make_rma(second, "SECOND")

    page = log_in(ana).get(reverse("rmas"), {"shop": second.domain}).content.decode()

    assert "SECOND" in page
    assert "FIRST" not in page


def test_private_pages_are_kept_by_no_cache(client: Client, rma: Rma) -> None:
    for url in (reverse("home"), reverse("rmas"), rma.get_absolute_url()):
        assert client.get(url)["Cache-Control"] == "no-store"


def test_the_dashboard_takes_no_path_from_the_webhooks() -> None:
    assert get_resolver().resolve("/livez").url_name == "livez"
