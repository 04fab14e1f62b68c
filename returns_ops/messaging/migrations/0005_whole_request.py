from django.db import migrations, models
from django.db.models import Q

# Written whole each time: what a function of the database says must be read in one place.
FROZEN = """
CREATE OR REPLACE FUNCTION command_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.shop_id, NEW.subject, NEW.kind, NEW.ordinal, NEW.call_reference_id, {new}NEW.body,
        NEW.body_sha256, NEW.moves_money, NEW.amount, NEW.cap, NEW.currency,
        NEW.submission_token, NEW.requested_by_id, NEW.created_at)
       IS DISTINCT FROM
       (OLD.shop_id, OLD.subject, OLD.kind, OLD.ordinal, OLD.call_reference_id, {old}OLD.body,
        OLD.body_sha256, OLD.moves_money, OLD.amount, OLD.cap, OLD.currency,
        OLD.submission_token, OLD.requested_by_id, OLD.created_at) THEN
        RAISE EXCEPTION 'command % is frozen: a change is a new command', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state <> OLD.state AND NOT (
        CASE OLD.state
            WHEN 'needs_approval' THEN NEW.state IN ('queued', 'cancelled')
            WHEN 'queued' THEN NEW.state IN ('sending', 'cancelled', 'attention')
            WHEN 'sending' THEN NEW.state IN ('queued', 'outcome_unknown', 'accepted',
                                              'confirmed', 'refused', 'attention')
            WHEN 'outcome_unknown' THEN NEW.state IN ('sending', 'accepted', 'confirmed',
                                                      'attention')
            WHEN 'accepted' THEN NEW.state IN ('confirmed', 'attention')
            WHEN 'attention' THEN NEW.state IN ('queued', 'outcome_unknown', 'confirmed',
                                                'refused', 'cancelled')
            ELSE false
        END) THEN
        RAISE EXCEPTION 'command % is %, so it cannot become %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
REQUEST = FROZEN.format(
    new="NEW.method,\n        NEW.target, NEW.content_type, ",
    old="OLD.method,\n        OLD.target, OLD.content_type, ",
)
BODY_ONLY = FROZEN.format(new="", old="")


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_attention_is_counted")]
    operations = [
        migrations.AddField("command", "method", models.CharField(default="POST", max_length=8)),
        # Until now there was one kind of command, and it had one address.
        migrations.AddField(
            "command",
            "target",
            models.TextField(
                default="/merchant/returns/approval", help_text="The path and its query, as sent"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "command",
            "content_type",
            models.CharField(blank=True, default="application/json", max_length=64),
        ),
        migrations.AddField(
            "command",
            "result",
            models.JSONField(default=dict, help_text="What the other side named, by its name"),
        ),
        migrations.AlterField(
            "command",
            "subject",
            models.CharField(
                help_text="What it is about: an RMA number, `location 7`, `order 1001`",
                max_length=255,
            ),
        ),
        migrations.AlterField(
            "command",
            "looks",
            models.PositiveSmallIntegerField(
                default=0, help_text="How often we looked for the outcome"
            ),
        ),
        migrations.AlterField(
            "command",
            "settled_at",
            models.DateTimeField(
                help_text="Nothing more is to come; accepted may be all that can be known",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            "command",
            models.CheckConstraint(
                condition=Q(("target__startswith", "/")), name="command_target_is_a_path"
            ),
        ),
        migrations.RunSQL(REQUEST, BODY_ONLY),
    ]
