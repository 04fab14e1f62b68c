"""The page of one case, and what agents do with it among themselves."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from returns_ops.accounts.models import AuditEntry, Shop, User
from returns_ops.accounts.permissions import Role
from returns_ops.dashboard.show.diff import diff
from returns_ops.messaging.models import Command
from returns_ops.returns.models import Case, CaseEvent, CaseWatch, DeskPreference, Notice
from returns_ops.returns.states import CaseState, Cause, NarvarStatus
from tests.builders import (
    make_parcel,
    make_photo,
    make_receipt_line,
    make_rma,
    make_shop,
    make_staff,
    make_token,
    make_transaction,
)
from tests.dashboard.desk_cases import make_case

LogIn = Callable[[User], Client]


@pytest.fixture
def case(shop: Shop) -> Case:
    return make_case(shop, "RM-1")


@pytest.fixture
def sam(shop: Shop) -> User:
    return make_staff("sam", shop, first_name="Sam")


def url(case: Case, act: str = "") -> str:
    return f"/exceptions/{case.pk}/{act}"


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def page(client: Client, case: Case) -> str:
    return words(client.get(url(case)).content.decode())


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_the_page_tells_all_there_is_to_judge(
    client: Client, ana: User, case: Case, shop: Shop
) -> None:
    rma, now = case.rma, timezone.now()
    assert rma is not None
    until = (now + timedelta(hours=5)).isoformat()
    rma.policy = [{"name": "refund", "fires_at": "approved", "until": until}]
    rma.versions = [{"at": now.isoformat(), "edited_by": "jo", "changes": {"size": ["M", "L"]}}]
    rma.save()
    make_transaction(rma, "10.00", source="shopify_webhook")
    make_receipt_line(rma, rma.items.get(), by=ana, decision="exception", reason="Zipper broken")
    make_photo(rma, by=ana)
    for number in range(3):
        other = make_rma(shop, f"OLD{number}", email=rma.email, narvar_status=NarvarStatus.REJECTED)
        make_token(other, rma.email.upper(), "email")
    make_token(rma, rma.email.upper(), "email")

    said = page(client, case)

    for told in (
        "Narvar has an exception: refund failed",
        "Refund automation ends in 4 h",
        "Shopify, Original payment",
        "Zipper broken",
        "Ana Ruiz",
        "removed: M added: L",
        "Returns 4",
        "Rejected 3",
        "Other returns (3)",
        "OLD0",
    ):
        assert told in said, told


def test_the_page_costs_the_same_whatever_hangs_on_the_case(
    client: Client,
    ana: User,
    case: Case,
    shop: Shop,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    assert case.rma is not None
    for number in range(12):
        CaseEvent.objects.create(
            case=case, shop=shop, cause=case.cause, verb="noted", text=f"{number}", actor=ana
        )
        make_token(make_rma(shop, email=case.rma.email), case.rma.email.upper(), "email")
        make_transaction(case.rma, "1.00")
        make_staff(f"colleague{number}", shop)

    with django_assert_max_num_queries(28):
        assert client.get(url(case)).status_code == 200


def test_the_address_is_masked_until_somebody_asks_and_that_is_kept(
    client: Client, case: Case
) -> None:
    assert case.rma is not None
    assert case.rma.email not in client.get(url(case)).content.decode()

    shown = client.post(url(case, "reveal/"))

    assert case.rma.email in shown.content.decode()
    assert AuditEntry.objects.filter(actor__username="ana", subject__icontains="RM-1").exists()


def test_a_case_is_claimed_taken_over_assigned_and_given_back(
    client: Client, ana: User, sam: User, case: Case, log_in: LogIn
) -> None:
    client.post(url(case, "owner/"), {"act": "claim"})
    assert fresh(case).owner == ana

    refused = log_in(sam).post(url(case, "owner/"), {"act": "claim"})
    assert refused.status_code == 409
    assert "Ana Ruiz has it already" in refused.content.decode()
    assert fresh(case).owner == ana

    log_in(sam).post(url(case, "owner/"), {"act": "take_over"})
    assert fresh(case).owner == sam
    client.post(url(case, "owner/"), {"act": "assign", "to": str(ana.pk)})
    assert fresh(case).owner == ana
    client.post(url(case, "owner/"), {"act": "release"})
    assert fresh(case).owner is None


@pytest.mark.parametrize("to", ["", "x", "99999999", "9" * 30])
def test_it_is_assigned_to_nobody_who_does_not_exist(to: str, client: Client, case: Case) -> None:
    answer = client.post(url(case, "owner/"), {"act": "assign", "to": to})

    assert answer.status_code == 409
    assert "There is no such person" in answer.content.decode()
    assert fresh(case).owner is None


def test_it_is_watched_and_no_longer(client: Client, ana: User, case: Case) -> None:
    client.post(url(case, "watch/"), {"watch": "1"})
    assert "Stop watching" in page(client, case)
    client.post(url(case, "watch/"), {"watch": "0"})
    assert not CaseWatch.objects.exists()


@pytest.mark.parametrize(
    ("said", "slept"),
    [
        ({"until": "3h"}, timedelta(hours=3)),
        ({"until": "change"}, None),
        ({"at": "2031-01-05T09:00"}, "refused"),
        ({"at": "0000"}, "refused"),
        ({}, "refused"),
    ],
)
def test_it_sleeps_until_what_was_said(
    said: dict[str, str], slept: object, client: Client, case: Case
) -> None:
    answer = client.post(url(case, "snooze/"), said)

    if slept == "refused":
        assert answer.status_code in (409, 422)
        assert fresh(case).state == CaseState.OPEN
        return
    assert fresh(case).state == CaseState.SNOOZED
    assert "Asleep until" in page(client, case)
    client.post(url(case, "snooze/"), {"until": "wake"})
    assert fresh(case).state == CaseState.OPEN


def test_a_note_names_a_colleague_who_reads_of_it_in_the_tray(
    client: Client, sam: User, case: Case, log_in: LogIn
) -> None:
    token = client.get(url(case)).context["page"].token

    client.post(url(case, "note/"), {"note": "Ask @sam", "to": "us", "submission_token": token})

    assert "Ask @sam" in page(client, case)
    assert not Command.objects.exists()
    sams = log_in(sam)
    assert '<span id="unread" class="count urgent">1</span>' in sams.get("/").content.decode()
    assert "Ana Ruiz mentioned you" in sams.get("/notices/").content.decode()
    sams.get(url(case))
    assert Notice.objects.filter(user=sam, read_at=None).count() == 0


def test_a_note_to_narvar_is_a_note_and_nothing_else(client: Client, case: Case) -> None:
    token = client.get(url(case)).context["page"].token
    said = {"note": "Customer called", "to": "narvar", "submission_token": token}

    client.post(url(case, "note/"), said)

    command = Command.objects.get()
    assert b"Customer called" in bytes(command.body) or "note" in command.target
    assert command.kind == "shipment_note"
    assert case.rma is not None
    case.rma.refresh_from_db()
    assert case.rma.narvar_status == NarvarStatus.EXCEPTION


def test_an_empty_note_is_refused_in_words(client: Client, case: Case) -> None:
    token = client.get(url(case)).context["page"].token

    answer = client.post(url(case, "note/"), {"note": " ", "to": "us", "submission_token": token})

    assert answer.status_code == 422
    assert "Write something first." in answer.content.decode()
    assert not CaseEvent.objects.filter(verb="noted").exists()


def test_a_late_save_keeps_both_texts(client: Client, sam: User, case: Case, log_in: LogIn) -> None:
    seen = {"version": case.version}
    log_in(sam).post(url(case, "findings/"), {"findings": "Sam called the shop", **seen})

    late = client.post(url(case, "findings/"), {"findings": "Ana called the customer", **seen})

    html = late.content.decode()
    assert late.status_code == 409
    assert "Sam called the shop" in html
    assert "Ana called the customer" in html
    assert fresh(case).findings == "Sam called the shop"
    both = {"findings": "Both called", "version": fresh(case).version}
    client.post(url(case, "findings/"), both)
    assert fresh(case).findings == "Both called"


def test_findings_that_are_too_long_are_kept_on_the_page(client: Client, case: Case) -> None:
    lines = "a\r\n" * 4_500  # 9,000 characters as the browser counts them
    seen = {"version": case.version}

    long = client.post(url(case, "findings/"), {"findings": lines + "b" * 1_001, **seen})
    assert long.status_code == 422
    assert "b" * 1_001 in long.content.decode()
    assert fresh(case).findings == ""

    assert client.post(url(case, "findings/"), {"findings": lines, **seen}).status_code == 302
    assert fresh(case).findings == lines.replace("\r\n", "\n").strip()


def test_what_no_browser_sends_breaks_nothing(client: Client, case: Case) -> None:
    for since in ("2026-13-01T00:00:00Z", "2026-01-01T00:00:00+99:99"):
        assert client.get("/exceptions/changes/", {"since": since}).status_code == 204
    assert client.post(url(case, "skip/"), {"other": "not\x00 mine"}).status_code == 302
    assert CaseEvent.objects.get(verb="skipped").data["why"] == "not mine"
    stranger = make_staff("stranger", make_shop(), Role.AGENT, first_name="Secret")
    told = client.post(url(case, "owner/"), {"act": "assign", "to": stranger.pk})
    assert "Secret" not in told.content.decode()
    assert fresh(case).owner is None


def test_skipping_asks_why(client: Client, case: Case) -> None:
    answer = client.post(url(case, "skip/"), {"other": "  "})

    assert answer.status_code == 422
    assert "Say why you skip it" in answer.content.decode()
    assert not CaseEvent.objects.filter(verb="skipped").exists()


def test_the_page_tells_that_the_case_moved_on(client: Client, case: Case) -> None:
    assert client.get(url(case, f"changes/?version={case.version}")).status_code == 204
    Case.objects.filter(pk=case.pk).update(version=case.version + 1)
    assert b"has changed" in client.get(url(case, f"changes/?version={case.version}")).content


def test_a_parcel_handed_to_the_desk_leads_to_its_own_page(
    client: Client, ana: User, shop: Shop
) -> None:
    now, parcel = timezone.now(), make_parcel(shop, by=ana)
    text = "A parcel that nobody could place was handed to the desk"
    times = {"due_at": now, "rank_at": now}
    about = Case.objects.create(
        shop=shop, parcel=parcel, cause=Cause.MYSTERY_PARCEL, text=text, **times
    )
    shown = client.get(url(about))
    fields = {"version": about.version, "submission_token": shown.context["page"].token}

    matched = client.post(url(about, "act/"), {"action": "match", **fields})

    assert f"Parcel {parcel.pk}" in words(shown.content.decode())
    assert matched["Location"] == f"/parcels/{parcel.pk}/"
    assert f"Parcel {parcel.pk}" in client.get("/exceptions/").content.decode()
    noted = {"note": "x", "to": "narvar", "submission_token": fields["submission_token"]}
    assert client.post(url(about, "note/"), noted).status_code == 409


def test_a_case_of_another_shop_does_not_exist(client: Client) -> None:
    other = make_case(make_shop())
    before = Case.objects.values().get()

    assert client.get(url(other)).status_code == 404
    for act in ("owner", "watch", "snooze", "skip", "note", "findings", "reveal", "reopen"):
        assert client.post(url(other, f"{act}/"), {"act": "claim"}).status_code == 404, act
    assert Case.objects.values().get() == before
    assert not AuditEntry.objects.exists()


def test_the_warehouse_has_no_desk(wandas_client: Client, case: Case) -> None:
    for path in ("/exceptions/", "/exceptions/next/", "/notices/", url(case)):
        assert wandas_client.get(path).status_code == 403
    assert 'href="/rmas/?tab=exception"' in wandas_client.get("/").content.decode()


def test_the_digest_is_off_until_it_is_asked_for(client: Client, ana: User) -> None:
    assert "Once a day" in client.get("/preferences/").content.decode()

    asked = {"digest": "on", "hour": "8", "timezone": "UTC"}
    assert "no e-mail address" in client.post("/preferences/digest/", asked).content.decode()
    assert not DeskPreference.objects.exists()
    User.objects.filter(pk=ana.pk).update(email="ana@example.com")
    client.post("/preferences/digest/", asked)
    assert DeskPreference.objects.get(user=ana).digest
    wrong = {"digest": "on", "hour": "25", "timezone": "Mars/Base"}
    assert client.post("/preferences/digest/", wrong).status_code == 422
    assert DeskPreference.objects.get(user=ana).digest_hour == 8


def test_all_is_marked_read_at_once(client: Client, ana: User, case: Case, sam: User) -> None:
    for key in ("a", "b"):
        Notice.objects.create(user=ana, case=case, kind="watched", text="Moved", by=sam, key=key)
    other = Notice.objects.create(user=sam, case=case, kind="watched", text="Moved", key="a")

    client.post("/notices/read/")

    assert Notice.objects.filter(user=ana, read_at=None).count() == 0
    other.refresh_from_db()
    assert other.read_at is None


def without_marks(html: str) -> str:
    return re.sub(r'<span class="sr">\w+: </span>|</?(?:ins|del)>', "", html)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_difference_loses_and_executes_nothing(before: str, after: str) -> None:
    shown = diff(before, after)

    kept = re.sub(r"<del>.*?</del> ", "", shown, flags=re.DOTALL)
    plain = without_marks(kept).replace("&lt;", "<").replace("&gt;", ">")
    plain = plain.replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&")
    assert plain == after
    assert "<script" not in diff("<script>", before)
