from django.db import migrations

# Who approved is written once, while the command waits for them, and stays.
APPROVAL = """
CREATE FUNCTION command_approval_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.second_person IS DISTINCT FROM OLD.second_person
       OR NEW.expires_at IS DISTINCT FROM OLD.expires_at
       OR (NEW.approved_by_id IS DISTINCT FROM OLD.approved_by_id
           AND NOT (OLD.approved_by_id IS NULL AND OLD.state = 'needs_approval')) THEN
        RAISE EXCEPTION 'command % was approved as it is', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER command_approval_is_kept BEFORE UPDATE ON messaging_command
    FOR EACH ROW EXECUTE FUNCTION command_approval_is_kept();
"""
BACK = """
DROP TRIGGER command_approval_is_kept ON messaging_command;
DROP FUNCTION command_approval_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_second_person")]
    operations = [migrations.RunSQL(APPROVAL, BACK)]
