from django.db import migrations

# Each event is updated twice. That it is claimed touches no index, if its page has room for
# another version: half of it, since a batch claims all that lies on a page at once. The bytes lie
# elsewhere, so that the room is small.
SETTINGS = """
ALTER TABLE messaging_event SET (fillfactor = 50, autovacuum_vacuum_threshold = 200,
    autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE messaging_command SET (autovacuum_vacuum_threshold = 200);
ALTER TABLE messaging_attempt SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 200);
"""
BACK = """
ALTER TABLE messaging_event SET (fillfactor = 80);
ALTER TABLE messaging_event RESET (autovacuum_vacuum_threshold, autovacuum_analyze_scale_factor);
ALTER TABLE messaging_command RESET (autovacuum_vacuum_threshold);
ALTER TABLE messaging_attempt RESET (fillfactor, autovacuum_vacuum_scale_factor,
    autovacuum_vacuum_threshold);
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_attempt_answered")]
    operations = [migrations.RunSQL(SETTINGS, BACK)]
