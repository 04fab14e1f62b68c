from django.db import migrations

# What a command told Narvar cannot be told otherwise afterwards; it is free again only when
# that command ended without effect.
RECEIPTS = """
CREATE FUNCTION receipt_line_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.command_id IS NULL THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.command_id IS NULL AND EXISTS (
        SELECT 1 FROM messaging_command
        WHERE id = OLD.command_id AND state IN ('cancelled', 'refused')) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR
       (NEW.rma_id, NEW.item_id, NEW.sku, NEW.quantity, NEW.in_hand, NEW.grade, NEW.decision,
        NEW.command_id)
       IS DISTINCT FROM
       (OLD.rma_id, OLD.item_id, OLD.sku, OLD.quantity, OLD.in_hand, OLD.grade, OLD.decision,
        OLD.command_id) THEN
        RAISE EXCEPTION 'receipt line % was told to Narvar', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER receipt_line_is_kept BEFORE UPDATE OR DELETE ON returns_receiptline
    FOR EACH ROW EXECUTE FUNCTION receipt_line_is_kept();

CREATE FUNCTION receipt_stays_within_its_item() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    expected integer;
    entered integer;
BEGIN
    IF NEW.item_id IS NULL OR NEW.decision = 'claim' THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' THEN
        -- Fewer is always possible: Narvar may have lowered what the item has.
        IF NEW.item_id IS NOT DISTINCT FROM OLD.item_id AND NEW.quantity <= OLD.quantity
           AND OLD.decision <> 'claim' THEN
            RETURN NEW;
        END IF;
    END IF;
    SELECT quantity INTO expected FROM returns_rmaitem
        WHERE id = NEW.item_id AND rma_id = NEW.rma_id FOR NO KEY UPDATE;
    IF expected IS NULL THEN
        RAISE EXCEPTION 'item % is of another return', NEW.item_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT coalesce(sum(quantity), 0) INTO entered FROM returns_receiptline
        WHERE item_id = NEW.item_id AND decision <> 'claim' AND id IS DISTINCT FROM NEW.id;
    IF entered + NEW.quantity > expected THEN
        RAISE EXCEPTION 'item % has % units, not %', NEW.item_id, expected,
            entered + NEW.quantity USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER receipt_stays_within_its_item BEFORE INSERT OR UPDATE ON returns_receiptline
    FOR EACH ROW EXECUTE FUNCTION receipt_stays_within_its_item();
"""
RECEIPTS_BACK = """
DROP TRIGGER receipt_stays_within_its_item ON returns_receiptline;
DROP TRIGGER receipt_line_is_kept ON returns_receiptline;
DROP FUNCTION receipt_stays_within_its_item();
DROP FUNCTION receipt_line_is_kept();
"""
# Until now a decision was about a whole return: its units are told already.
TOLD_BEFORE = """
INSERT INTO returns_receiptline
    (rma_id, item_id, sku, quantity, in_hand, grade, decision, reason, note, command_id,
     entered_by_id, entered_at, changed_at)
SELECT DISTINCT ON (i.id) r.id, i.id, '', i.quantity, false, '', 'approved', '', '', c.id,
    c.requested_by_id, c.created_at, c.created_at
FROM messaging_command c
JOIN returns_rma r ON r.shop_id = c.shop_id AND r.rma_number = c.subject
JOIN returns_rmaitem i ON i.rma_id = r.id AND i.removed_at IS NULL AND i.quantity > 0
WHERE c.kind = 'approval' AND c.state NOT IN ('cancelled', 'refused')
ORDER BY i.id, c.id DESC;
"""


class Migration(migrations.Migration):
    dependencies = [("returns", "0006_bench"), ("messaging", "0007_second_person_is_kept")]
    operations = [
        migrations.RunSQL(RECEIPTS, RECEIPTS_BACK),
        migrations.RunSQL(TOLD_BEFORE, migrations.RunSQL.noop),
    ]
