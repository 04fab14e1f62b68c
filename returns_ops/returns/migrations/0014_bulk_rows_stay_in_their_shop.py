from django.db import migrations, models
from django.db.models import Q

SHOP = """
CREATE FUNCTION bulk_row_stays_in_its_shop() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_job bigint;
BEGIN
    SELECT shop_id INTO of_job FROM returns_bulkjob WHERE id = NEW.job_id;
    IF of_job IS DISTINCT FROM (SELECT shop_id FROM returns_case WHERE id = NEW.case_id) THEN
        RAISE EXCEPTION 'case % is of another shop', NEW.case_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.command_id IS NOT NULL AND of_job IS DISTINCT FROM
        (SELECT shop_id FROM messaging_command WHERE id = NEW.command_id) THEN
        RAISE EXCEPTION 'command % is of another shop', NEW.command_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bulk_row_stays_in_its_shop BEFORE INSERT OR UPDATE OF job_id, case_id, command_id
    ON returns_bulkrow FOR EACH ROW EXECUTE FUNCTION bulk_row_stays_in_its_shop();
"""
SHOP_BACK = """
DROP TRIGGER bulk_row_stays_in_its_shop ON returns_bulkrow;
DROP FUNCTION bulk_row_stays_in_its_shop();
"""


class Migration(migrations.Migration):
    dependencies = [("returns", "0013_lists_by_money_and_method")]

    operations = [
        migrations.AlterField(
            model_name="bulkjob",
            name="state",
            field=models.CharField(
                choices=[
                    ("running", "Running"),
                    ("done", "Every case had its turn"),
                    ("stopped", "Stopped"),
                ],
                default="running",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=Q(state__in=["running", "done", "stopped"]), name="bulk_state_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkjob",
            constraint=models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | ~Q(state="running") & Q(finished_at__isnull=False),
                name="bulk_says_when_it_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkrow",
            constraint=models.CheckConstraint(
                condition=Q(state__in=["waiting", "done", "refused", "left"]),
                name="bulk_row_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkrow",
            constraint=models.CheckConstraint(
                condition=Q(state="done") | Q(command=None), name="bulk_row_told_is_done"
            ),
        ),
        migrations.RunSQL(SHOP, SHOP_BACK),
    ]
