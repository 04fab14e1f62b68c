from django.db import migrations, models

# A process may remember who may knock, since the row it writes says whether that is still so.
COUNTED = """
CREATE FUNCTION shop_door_is_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.door_version := greatest(NEW.door_version, OLD.door_version);
    IF (NEW.uuid, NEW.domain, NEW.aliases) IS DISTINCT FROM (OLD.uuid, OLD.domain, OLD.aliases) THEN
        NEW.door_version := OLD.door_version + 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shop_door_is_counted BEFORE UPDATE ON accounts_shop
    FOR EACH ROW EXECUTE FUNCTION shop_door_is_counted();
"""
NOT_COUNTED = """
DROP TRIGGER shop_door_is_counted ON accounts_shop;
DROP FUNCTION shop_door_is_counted();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_badge")]

    operations = [
        migrations.AddField(
            "shop",
            "door_version",
            models.PositiveIntegerField(
                db_default=1,
                default=1,
                editable=False,
                help_text="Counts changes of who may knock; the database counts, and never back",
            ),
        ),
        migrations.RunSQL(COUNTED, NOT_COUNTED),
    ]
