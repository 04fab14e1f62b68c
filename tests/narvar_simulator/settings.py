"""Knobs that may be turned while the simulator runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields

from tests.narvar_simulator.records import Json


@dataclass
class Settings:
    # Money.
    refund_delay: float = 0.2
    # How long each call waits for its answer, whatever it says.
    answer_seconds: float = 0.0
    # Memory of call_reference_id: what a repeat is answered, and for how long ids are known.
    repeat_status: int = 201
    forget_call_ids_after: float | None = None
    remember_rejected_ids: bool = False
    # Reads. Narvar says neither of these two, so both readings can be had.
    unknown_rma_is_empty_list: bool = False
    time_filter_alone: bool = False
    location_answers_body: bool = True
    # Return locations: not enabled for the account (403 or 404), or kept otherwise than sent.
    locations_off_status: int | None = None
    locations_drop: list[str] = field(default_factory=list)
    locations_change: Json = field(default_factory=dict)
    # Webhooks.
    webhooks_on: bool = True
    retry_seconds: float = 3600.0
    retries: int = 9
    webhook_timeout: float = 6.0
    duplicate_every: int = 0
    shuffle_seconds: float = 0.0
    drop_next: int = 0
    hold: bool = False
    # "event": when it happened; "send": when this attempt was made; else these very words.
    timestamp_header: str = "event"
    fixed_webhook_id: str | None = None
    space_in_token: bool = False

    def change(self, changes: Json) -> None:
        known = {entry.name for entry in fields(self)}
        if strangers := sorted(set(changes) - known):
            raise ValueError(f"no such setting: {', '.join(strangers)}")
        for name, value in changes.items():
            setattr(self, name, value)

    def as_json(self) -> Json:
        return asdict(self)
