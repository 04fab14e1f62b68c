"""Telling people of the desk what they should hear of: on the screen, never twice."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.returns.models import Case, CaseWatch, Notice


def notify(
    user: User, case: Case, kind: Notice.Kind, text: str, *, by: User | None, key: str = ""
) -> None:
    """Nobody is told of what they did themselves."""
    if by is not None and by.pk == user.pk:
        return
    Notice.objects.bulk_create(
        [_notice(user, case, kind, text, by, key or f"version {case.version}")],
        ignore_conflicts=True,
    )


def notify_watchers(case: Case, text: str, *, by: User | None) -> None:
    """Whoever watches it, and its owner."""
    people = list(User.objects.filter(is_active=True, pk__in=_who_cares(case)))
    Notice.objects.bulk_create(
        [
            _notice(one, case, Notice.Kind.WATCHED, text, by, f"version {case.version}")
            for one in people
            if by is None or one.pk != by.pk
        ],
        ignore_conflicts=True,
    )


def tell_who_cares(news: Iterable[tuple[Case, str]]) -> None:
    """What happened to cases by rule: two queries, however many, and none when nothing did."""
    told = {case.pk: (case, text) for case, text in news}
    if not told:
        return
    watching = CaseWatch.objects.filter(case__in=list(told))
    people = list(watching.values_list("case_id", "user_id"))
    people += [(pk, case.owner_id) for pk, (case, _) in told.items() if case.owner_id]
    Notice.objects.bulk_create(
        [_by_rule(user_id, *told[case_id]) for case_id, user_id in dict.fromkeys(people)],
        ignore_conflicts=True,
    )


def _by_rule(user_id: int, case: Case, text: str) -> Notice:
    key = f"version {case.version}"
    kind = Notice.Kind.WATCHED
    return Notice(user_id=user_id, case=case, kind=kind, text=text[:300], by=None, key=key)


def _who_cares(case: Case) -> list[int]:
    watching = list(case.watches.values_list("user", flat=True))
    return [*watching, *([case.owner_id] if case.owner_id else [])]


def _notice(
    user: User, case: Case, kind: Notice.Kind, text: str, by: User | None, key: str
) -> Notice:
    return Notice(user=user, case=case, kind=kind, text=text[:300], by=by, key=key)


def mark_read(user: User, notices: Iterable[int] | None = None) -> int:
    """These of this person's notices, or all of them; returns how many were unread."""
    unread = Notice.objects.filter(user=user, read_at=None)
    if notices is not None:
        unread = unread.filter(pk__in=list(notices))
    return unread.update(read_at=Now())


def mark_case_read(user: User, case: Case) -> int:
    """They have the case on the screen now."""
    return Notice.objects.filter(user=user, case=case, read_at=None).update(read_at=Now())


def late_key(due_at: datetime) -> str:
    return f"due {due_at.isoformat()}"


def late_notices(cases: Iterable[Case]) -> list[Any]:
    """One for each owner of a case that will be late, once per date."""
    rows = [
        _notice(
            case.owner,
            case,
            Notice.Kind.LATE,
            f"{case} is about to be late",
            None,
            late_key(case.due_at),
        )
        for case in cases
        if case.owner is not None
    ]
    return Notice.objects.bulk_create(rows, ignore_conflicts=True)
