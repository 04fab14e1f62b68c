from django.db import migrations

# One statement, one row per queue it touched: writers of the same queue never wait for another.
COUNTERS = """
CREATE FUNCTION count_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO returns_workcount (shop_id, work, delta)
    SELECT shop_id, work, count(*) FROM added GROUP BY shop_id, work;
    RETURN NULL;
END $$;
CREATE FUNCTION count_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO returns_workcount (shop_id, work, delta)
    SELECT shop_id, work, sum(delta) FROM (
        SELECT shop_id, work, 1 AS delta FROM new_rows
        UNION ALL SELECT shop_id, work, -1 FROM old_rows
    ) moved GROUP BY shop_id, work HAVING sum(delta) <> 0;
    RETURN NULL;
END $$;
CREATE FUNCTION count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO returns_workcount (shop_id, work, delta)
    SELECT shop_id, work, -count(*) FROM removed GROUP BY shop_id, work;
    RETURN NULL;
END $$;
CREATE TRIGGER rma_count_added AFTER INSERT ON returns_rma
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_added();
CREATE TRIGGER rma_count_moved AFTER UPDATE ON returns_rma
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_moved();
CREATE TRIGGER rma_count_removed AFTER DELETE ON returns_rma
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_removed();
"""
COUNTERS_BACK = """
DROP TRIGGER rma_count_added ON returns_rma;
DROP TRIGGER rma_count_moved ON returns_rma;
DROP TRIGGER rma_count_removed ON returns_rma;
DROP FUNCTION count_added();
DROP FUNCTION count_moved();
DROP FUNCTION count_removed();
"""

LEDGER = """
CREATE FUNCTION transaction_is_a_fact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.shop_id, NEW.rma_id, NEW.narvar_id, NEW.amount, NEW.currency)
       IS DISTINCT FROM (OLD.shop_id, OLD.rma_id, OLD.narvar_id, OLD.amount, OLD.currency)
       OR (OLD.confirms_id IS NOT NULL AND NEW.confirms_id IS DISTINCT FROM OLD.confirms_id) THEN
        RAISE EXCEPTION 'transaction % is a fact', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transaction_is_a_fact BEFORE UPDATE ON returns_transaction
    FOR EACH ROW EXECUTE FUNCTION transaction_is_a_fact();
CREATE TRIGGER transaction_is_never_deleted BEFORE DELETE ON returns_transaction
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rma_event_is_append_only BEFORE UPDATE OR DELETE ON returns_rmaevent
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
LEDGER_BACK = """
DROP TRIGGER rma_event_is_append_only ON returns_rmaevent;
DROP TRIGGER transaction_is_never_deleted ON returns_transaction;
DROP TRIGGER transaction_is_a_fact ON returns_transaction;
DROP FUNCTION transaction_is_a_fact();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("returns", "0001_initial"),
        ("accounts", "0002_audit_is_append_only"),
    ]
    operations = [
        migrations.RunSQL(COUNTERS, COUNTERS_BACK),
        migrations.RunSQL(LEDGER, LEDGER_BACK),
    ]
