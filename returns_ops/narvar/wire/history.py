"""What was configured, what went wrong and what was edited: policy, errors, earlier versions."""

from typing import Any

from returns_ops.narvar.wire import values
from returns_ops.narvar.wire.section import Section
from returns_ops.narvar.wire.values import Odd
from returns_ops.narvar.wire.words import AUTOMATIONS, RETURN_STATUSES
from returns_ops.returns.snapshot import ErrorSnapshot, PolicyTrack, VersionSnapshot


def read_policy(rma: Section) -> tuple[PolicyTrack, ...]:
    policy = rma.section("policy")
    if policy is None:
        return ()
    tracks = [_track(policy, name) for name in AUTOMATIONS]
    rma.keep("policy", policy.extra())
    return tuple(track for track in tracks if track != PolicyTrack(name=track.name))


def read_errors(rma: Section) -> tuple[ErrorSnapshot, ...]:
    found = []
    for error, path in rma.elements("errors"):
        if isinstance(error, dict):
            found.append(_error(Section(error, path, rma.remarks)))
        elif isinstance(error, str) and error:
            found.append(ErrorSnapshot(message=error))
        elif error:
            rma.give_back("errors", error)
            rma.remarks.add(f"{path} is neither an object nor a text: kept as it is")
    return tuple(found)


def read_versions(rma: Section) -> tuple[VersionSnapshot, ...]:
    return tuple(_version(row) for row in rma.rows("previous_versions"))


def _track(policy: Section, name: str) -> PolicyTrack:
    until, days = _until(policy, name)
    return PolicyTrack(
        name=name,
        fires_at=policy.word(f"{name}_at", RETURN_STATUSES),
        until=until,
        until_days=days,
        succeeded_at=policy.take(f"{name}_succeeded_at", values.moment, None),
    )


def _until(policy: Section, name: str) -> tuple[Any, int | None]:
    """Typed a date, described as a number of days: both are read."""
    short = name.removesuffix("_inventory")
    keys = tuple(dict.fromkeys((f"{short}_automation_until", f"{name}_automation_until")))
    found = policy.first(keys, _days_or_moment, None)
    return (None, found) if isinstance(found, int) else (found, None)


def _days_or_moment(value: Any) -> Any:
    try:
        return values.days(value)
    except Odd:
        pass
    try:
        return values.moment(value)
    except Odd:
        raise Odd("neither a date nor a number of days") from None


def _error(row: Section) -> ErrorSnapshot:
    return ErrorSnapshot(
        message=row.text("message"),
        at=row.take("timestamp", values.historic_moment, None),
        extra=row.extra(),
    )


def _version(row: Section) -> VersionSnapshot:
    """The older fields stay in Narvar's spelling: a subset says too little to be read as an RMA."""
    at = row.take("created_at", values.moment, None)
    edited_by = row.text("shopify_user_id")
    changes = row.section("return")
    found, beside = changes.extra() if changes else {}, row.extra()
    clash = found.keys() & beside.keys()
    return VersionSnapshot(
        at=at,
        edited_by=edited_by or _text(found.get("shopify_user_id")),
        changes={**beside, "return": found} if clash else {**beside, **found},
    )


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else ""
