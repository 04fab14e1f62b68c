import django.db.models.deletion
from django.db import migrations, models

# The shortest times that any setting can ask for; what is not done stays, whoever asks.
EVENTS = """
CREATE FUNCTION event_goes_when_it_is_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'done' OR greatest(OLD.done_at, OLD.last_seen_at) > now() - interval '1 day'
    THEN
        RAISE EXCEPTION 'event % is still needed', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
DROP TRIGGER event_is_never_deleted ON messaging_event;
CREATE TRIGGER event_goes_when_it_is_old BEFORE DELETE ON messaging_event
    FOR EACH ROW EXECUTE FUNCTION event_goes_when_it_is_old();
"""
EVENTS_BACK = """
DROP TRIGGER event_goes_when_it_is_old ON messaging_event;
DROP FUNCTION event_goes_when_it_is_old();
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON messaging_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

FINISHED_ONCE = """
CREATE OR REPLACE FUNCTION attempt_is_finished_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {forgotten}IF OLD.finished_at IS NOT NULL OR
       (NEW.command_id, NEW.number, NEW.call_reference_id, NEW.body_sha256, NEW.started_at)
       IS DISTINCT FROM
       (OLD.command_id, OLD.number, OLD.call_reference_id, OLD.body_sha256, OLD.started_at) THEN
        RAISE EXCEPTION 'attempt % is finished', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
ANSWERS = FINISHED_ONCE.format(
    forgotten="""IF NEW.answer = '' AND OLD.finished_at < now() - interval '30 days'
       AND to_jsonb(NEW) - 'answer' = to_jsonb(OLD) - 'answer' THEN
        RETURN NEW;
    END IF;
    """
)
ANSWERS_BACK = FINISHED_ONCE.format(forgotten="")


class Migration(migrations.Migration):
    dependencies = [("messaging", "0007_second_person_is_kept")]
    operations = [
        migrations.AlterField(
            "replayjob",
            "event",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="replays",
                to="messaging.event",
            ),
        ),
        migrations.RunSQL(EVENTS, EVENTS_BACK),
        migrations.RunSQL(ANSWERS, ANSWERS_BACK),
    ]
