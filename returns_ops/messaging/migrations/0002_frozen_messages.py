from django.db import migrations

# Raw bodies are kept as they came: compressing them costs a third of the inserts.
STORAGE = """
ALTER TABLE messaging_event ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE messaging_event SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 80);
ALTER TABLE messaging_command SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 80);
"""

EVENTS = """
CREATE FUNCTION event_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.shop_id, NEW.body, NEW.body_sha256, NEW.dedup_key, NEW.received_at)
       IS DISTINCT FROM
       (OLD.shop_id, OLD.body, OLD.body_sha256, OLD.dedup_key, OLD.received_at) THEN
        RAISE EXCEPTION 'event % was received as it is', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER event_is_frozen BEFORE UPDATE ON messaging_event
    FOR EACH ROW EXECUTE FUNCTION event_is_frozen();
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON messaging_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
EVENTS_BACK = """
DROP TRIGGER event_is_never_deleted ON messaging_event;
DROP TRIGGER event_is_frozen ON messaging_event;
DROP FUNCTION event_is_frozen();
"""

COMMANDS = """
CREATE FUNCTION command_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.shop_id, NEW.subject, NEW.kind, NEW.ordinal, NEW.call_reference_id, NEW.body,
        NEW.body_sha256, NEW.moves_money, NEW.amount, NEW.cap, NEW.currency,
        NEW.submission_token, NEW.requested_by_id, NEW.created_at)
       IS DISTINCT FROM
       (OLD.shop_id, OLD.subject, OLD.kind, OLD.ordinal, OLD.call_reference_id, OLD.body,
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
CREATE TRIGGER command_is_frozen BEFORE UPDATE ON messaging_command
    FOR EACH ROW EXECUTE FUNCTION command_is_frozen();
CREATE TRIGGER command_is_never_deleted BEFORE DELETE ON messaging_command
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
COMMANDS_BACK = """
DROP TRIGGER command_is_never_deleted ON messaging_command;
DROP TRIGGER command_is_frozen ON messaging_command;
DROP FUNCTION command_is_frozen();
"""

ATTEMPTS = """
CREATE FUNCTION attempt_is_finished_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.finished_at IS NOT NULL OR
       (NEW.command_id, NEW.number, NEW.call_reference_id, NEW.body_sha256, NEW.started_at)
       IS DISTINCT FROM
       (OLD.command_id, OLD.number, OLD.call_reference_id, OLD.body_sha256, OLD.started_at) THEN
        RAISE EXCEPTION 'attempt % is finished', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attempt_is_finished_once BEFORE UPDATE ON messaging_attempt
    FOR EACH ROW EXECUTE FUNCTION attempt_is_finished_once();
CREATE TRIGGER attempt_is_never_deleted BEFORE DELETE ON messaging_attempt
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
ATTEMPTS_BACK = """
DROP TRIGGER attempt_is_never_deleted ON messaging_attempt;
DROP TRIGGER attempt_is_finished_once ON messaging_attempt;
DROP FUNCTION attempt_is_finished_once();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0001_initial"),
        ("accounts", "0002_audit_is_append_only"),
    ]
    operations = [
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(EVENTS, EVENTS_BACK),
        migrations.RunSQL(COMMANDS, COMMANDS_BACK),
        migrations.RunSQL(ATTEMPTS, ATTEMPTS_BACK),
    ]
