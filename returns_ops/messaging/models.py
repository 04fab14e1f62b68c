"""Messages in and out, without knowing what they say: events received, commands owed."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from returns_ops.accounts.models import Shop, User


class EventState(models.TextChoices):
    PENDING = "pending", "Waiting"
    DONE = "done", "Applied"
    DEAD = "dead", "Failed"
    PARKED = "parked", "Set aside"


class EventQuerySet(models.QuerySet["Event"]):
    def due(self) -> Self:
        """Pending, its time has come, and no living worker holds it (by the database's clock)."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        return self.filter(free, state=EventState.PENDING, next_attempt_at__lte=Now())


class Event(models.Model):
    """One webhook delivery as received. The bytes are never changed."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="events", db_index=False)
    dedup_key = models.BinaryField(max_length=32, help_text="sha256(webhook id, sha256(body))")
    webhook_id = models.TextField(blank=True)
    topic = models.TextField(blank=True)
    api_version = models.TextField(blank=True)
    sender_timestamp = models.TextField(blank=True, help_text="The header, as sent")
    body = models.BinaryField()
    body_sha256 = models.BinaryField(max_length=32)
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())
    deliveries = models.PositiveIntegerField(db_default=1)
    last_seen_at = models.DateTimeField(db_default=Now())
    state = models.CharField(
        max_length=8, choices=EventState, default=EventState.PENDING, db_default=EventState.PENDING
    )
    reason = models.CharField(max_length=64, blank=True, db_default="")
    problem = models.TextField(blank=True, db_default="", help_text="In words, for a person")
    flags = models.JSONField(default=list, db_default=[])
    subject = models.CharField(max_length=255, blank=True, db_default="", help_text="RMA number")
    outcome = models.CharField(max_length=16, blank=True, db_default="")
    attempts = models.PositiveSmallIntegerField(db_default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        db_table = "messaging_event"
        constraints = [
            models.UniqueConstraint(fields=["shop", "dedup_key"], name="event_is_stored_once"),
            models.CheckConstraint(
                name="event_state_is_known", condition=Q(state__in=EventState.values)
            ),
            models.CheckConstraint(
                name="event_dead_has_a_reason",
                condition=~Q(state=EventState.DEAD) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(
                name="event_due", fields=["next_attempt_at"], condition=Q(state=EventState.PENDING)
            ),
            models.Index(fields=["shop", "-id"], name="event_newest"),
            models.Index(fields=["shop", "subject", "-id"], name="event_of_subject"),
            models.Index(
                name="event_dead", fields=["shop", "-id"], condition=Q(state=EventState.DEAD)
            ),
            models.Index(
                name="event_parked", fields=["shop", "-id"], condition=Q(state=EventState.PARKED)
            ),
        ]

    def __str__(self) -> str:
        return f"event {self.pk}"


class CommandState(models.TextChoices):
    NEEDS_APPROVAL = "needs_approval", "Needs approval"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    OUTCOME_UNKNOWN = "outcome_unknown", "Outcome unknown, checking"
    ACCEPTED = "accepted", "Accepted by Narvar"
    CONFIRMED = "confirmed", "Confirmed"
    REFUSED = "refused", "Refused"
    CANCELLED = "cancelled", "Undone"
    ATTENTION = "attention", "Needs attention"

    @property
    def said(self) -> str:
        """As the middle of a sentence has it: accepted by Narvar."""
        label = str(self.label)
        return label[:1].lower() + label[1:]


# While one of these holds, the money of a subject is not settled.
OPEN_STATES = [
    CommandState.NEEDS_APPROVAL,
    CommandState.QUEUED,
    CommandState.SENDING,
    CommandState.OUTCOME_UNKNOWN,
    CommandState.ACCEPTED,
    CommandState.ATTENTION,
]
DUE_STATES = [CommandState.QUEUED, CommandState.SENDING, CommandState.OUTCOME_UNKNOWN]


class CommandQuerySet(models.QuerySet["Command"]):
    def due(self) -> Self:
        """To be called now, and no living worker has it (by the database's clock)."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        return self.filter(free, state__in=DUE_STATES, next_attempt_at__lte=Now())

    def to_look_for(self) -> Self:
        """Accepted, and it is time to look again whether it was done."""
        waiting = self.filter(state=CommandState.ACCEPTED, settled_at=None)
        return waiting.filter(next_attempt_at__lte=Now())

    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES, settled_at=None)

    def about(self, shop_id: int, subject: str) -> Self:
        return self.filter(shop_id=shop_id, subject=subject)


class Command(models.Model):
    """One call we owe Narvar. What is sent is frozen at creation; a trigger refuses changes."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="commands", db_index=False)
    subject = models.CharField(
        max_length=255, help_text="What it is about: an RMA number, `location 7`, `order 1001`"
    )
    kind = models.CharField(max_length=32)
    ordinal = models.PositiveIntegerField(help_text="1 for the first of its kind on a subject")
    call_reference_id = models.UUIDField(unique=True)
    method = models.CharField(max_length=8, default="POST")
    target = models.TextField(help_text="The path and its query, as sent")
    content_type = models.CharField(max_length=64, blank=True, default="application/json")
    body = models.BinaryField()
    body_sha256 = models.BinaryField(max_length=32)
    summary = models.JSONField(default=dict, help_text="In our words, for people")
    moves_money = models.BooleanField()
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    cap = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    submission_token = models.UUIDField(unique=True)
    requested_by = models.ForeignKey(
        User, models.PROTECT, related_name="commands_requested", db_index=False
    )
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="commands_approved"
    )
    second_person = models.BooleanField(
        default=False, help_text="Is not sent before somebody else approved it"
    )
    expires_at = models.DateTimeField(null=True, help_text="A request for approval ends then")
    created_at = models.DateTimeField(db_default=Now())
    held_until = models.DateTimeField(null=True, help_text="Can be undone until then")
    state = models.CharField(max_length=16, choices=CommandState, default=CommandState.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    was_ambiguous = models.BooleanField(
        default=False, help_text="A try may have acted: a later refusal proves nothing"
    )
    problem = models.TextField(blank=True, help_text="Narvar's words, or ours")
    cause = models.CharField(
        max_length=32, blank=True, help_text="Why a person must look, as a code"
    )
    looks = models.PositiveSmallIntegerField(
        default=0, help_text="How often we looked for the outcome"
    )
    result = models.JSONField(default=dict, help_text="What the other side named, by its name")
    first_sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(
        null=True, help_text="Nothing more is to come; accepted may be all that can be known"
    )
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    objects = CommandQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "subject", "kind", "ordinal"], name="command_ordinal_is_unique"
            ),
            models.UniqueConstraint(
                name="command_one_open_money_per_subject",
                fields=["shop", "subject"],
                condition=Q(moves_money=True, state__in=OPEN_STATES),
            ),
            models.CheckConstraint(
                name="command_state_is_known", condition=Q(state__in=CommandState.values)
            ),
            models.CheckConstraint(
                name="command_target_is_a_path", condition=Q(target__startswith="/")
            ),
            models.CheckConstraint(
                name="command_money_has_amount_within_cap",
                condition=Q(moves_money=False)
                | Q(
                    # Said aloud, since a comparison with nothing counts as kept.
                    amount__isnull=False,
                    amount__gt=0,
                    cap__isnull=False,
                    amount__lte=F("cap"),
                    currency__regex="^[A-Z]{3}$",
                ),
            ),
            models.CheckConstraint(
                name="command_nobody_approves_their_own",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")),
            ),
            models.CheckConstraint(
                name="command_waits_for_its_second_person",
                condition=Q(second_person=False)
                | Q(approved_by__isnull=False)
                | Q(state__in=["needs_approval", "cancelled"]),
            ),
        ]
        indexes = [
            models.Index(
                name="command_due", fields=["next_attempt_at"], condition=Q(state__in=DUE_STATES)
            ),
            models.Index(fields=["shop", "-id"], name="command_newest"),
            models.Index(
                fields=["shop", "-id"], name="command_open", condition=Q(state__in=OPEN_STATES)
            ),
            models.Index(fields=["requested_by", "created_at"], name="command_of_person"),
            models.Index(
                name="command_attention",
                fields=["shop"],
                condition=Q(state=CommandState.ATTENTION),
            ),
            models.Index(
                name="command_accepted",
                fields=["next_attempt_at"],
                condition=Q(state=CommandState.ACCEPTED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} no. {self.ordinal}"

    @property
    def state_said(self) -> str:
        return CommandState(self.state).said

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES and self.settled_at is None

    @property
    def can_be_cancelled(self) -> bool:
        """It waits, and no try of it can have reached the other side and acted."""
        waits = self.state in (CommandState.NEEDS_APPROVAL, CommandState.QUEUED)
        return waits and not self.was_ambiguous

    @property
    def can_be_undone(self) -> bool:
        """Nothing of it was ever tried."""
        return self.can_be_cancelled and self.tries == 0

    @property
    def was_given_up(self) -> bool:
        """A person ended what nobody could settle: the other side may have acted."""
        return self.state == CommandState.CANCELLED and bool(self.cause)

    @property
    def ended_without_effect(self) -> bool:
        """As far as we know: it was refused, or given up."""
        return self.state == CommandState.REFUSED or self.was_given_up


class AttemptOutcome(models.TextChoices):
    STARTED = "started", "Started, no answer yet"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    NOT_SENT = "not_sent", "Not sent"
    UNKNOWN = "unknown", "Unknown"
    WAIT = "wait", "Told to wait"
    UNAUTHORISED = "unauthorised", "Credential refused"
    MISCONFIGURED = "misconfigured", "Wrong address"


class Attempt(models.Model):
    """One try of a command: inserted before the call, finished once after it."""

    command = models.ForeignKey(Command, models.PROTECT, related_name="attempts", db_index=False)
    number = models.PositiveSmallIntegerField()
    call_reference_id = models.UUIDField()
    body_sha256 = models.BinaryField(max_length=32)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=16, choices=AttemptOutcome, default=AttemptOutcome.STARTED
    )
    http_status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    rate_limit = models.IntegerField(null=True)
    rate_remaining = models.IntegerField(null=True)
    rate_reset = models.IntegerField(null=True)
    answer = models.TextField(blank=True, help_text="An excerpt, masked")
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["command", "number"], name="attempt_number_is_unique")
        ]
        indexes = [models.Index(fields=["id"], condition=~Q(answer=""), name="attempt_answered")]
        ordering = ["command", "number"]

    def __str__(self) -> str:
        return f"try {self.number} of {self.command}"


class ReplayJob(models.Model):
    """Events to be applied once more, by and by, with their original bytes."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="replays", db_index=False)
    # Which: one event, or the dead or set aside of one reason, or a time; all that is given.
    event = models.ForeignKey(
        Event,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="replays",
        db_index=False,
    )
    reason = models.CharField(max_length=64, blank=True)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    why = models.TextField(help_text="In the words of the person who started it")
    started_by = models.ForeignKey(User, models.PROTECT, related_name="replays")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    last_id = models.BigIntegerField(help_text="No event that came after the start is taken")
    cursor = models.BigIntegerField(default=0, help_text="The last event that was taken")
    in_flight = ArrayField(
        models.BigIntegerField(), default=list, help_text="Taken, and not yet settled"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="replay_says_why", condition=~Q(why="")),
            models.CheckConstraint(
                name="replay_names_its_events",
                condition=Q(event__isnull=False) | ~Q(reason="") | Q(since__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["shop", "-id"], name="replay_newest")]

    def __str__(self) -> str:
        return f"replay {self.pk}"


class Heartbeat(models.Model):
    """When a process was last seen alive: beat through a worker, the door, each worker."""

    name = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
