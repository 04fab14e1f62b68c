from django.db import migrations

COUNTED = """
CREATE FUNCTION webhook_credential_is_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts_shop SET door_version = door_version + 1
        WHERE id = coalesce(NEW.shop_id, OLD.shop_id);
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_credential_is_counted
    AFTER INSERT OR UPDATE OR DELETE ON narvar_webhookcredential
    FOR EACH ROW EXECUTE FUNCTION webhook_credential_is_counted();
"""
NOT_COUNTED = """
DROP TRIGGER webhook_credential_is_counted ON narvar_webhookcredential;
DROP FUNCTION webhook_credential_is_counted();
"""


class Migration(migrations.Migration):
    dependencies = [("narvar", "0004_locations_feature"), ("accounts", "0004_door_version")]

    operations = [migrations.RunSQL(COUNTED, NOT_COUNTED)]
