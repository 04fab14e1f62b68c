"""What must never be true, as SQL that must return no row. Tests and operators run the same."""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Broken:
    name: str
    rows: list[tuple[object, ...]]


# name → query; a returned row is a broken promise.
INVARIANTS: dict[str, str] = {
    "I1 stored bytes match their hash": """
        SELECT id FROM messaging_event WHERE body_sha256 <> sha256(body)""",
    "I1 no event waits unseen for ten minutes": """
        SELECT id FROM messaging_event WHERE state = 'pending' AND attempts = 0
        AND next_attempt_at < now() - interval '10 minutes'""",
    "I1 every applied event left its trace or said nothing new": """
        SELECT e.id FROM messaging_event e LEFT JOIN returns_rmaevent h ON h.event_id = e.id
        WHERE e.state = 'done' AND e.outcome <> 'same' AND h.id IS NULL""",
    "I3 refunds seen are the sum of the transactions": """
        SELECT r.id, r.refunded FROM returns_rma r
        LEFT JOIN returns_transaction t ON t.rma_id = r.id AND t.currency = r.currency
        GROUP BY r.id HAVING r.refunded <> coalesce(sum(t.amount), 0)""",
    "I4 no due command waits for ten minutes": """
        SELECT c.id FROM messaging_command c
        LEFT JOIN narvar_connection n ON n.shop_id = c.shop_id
        WHERE c.state = 'queued' AND c.tries = 0 AND NOT coalesce(n.paused, true)
        AND c.next_attempt_at < now() - interval '10 minutes'""",
    "I5 all attempts of a command sent one id and one body": """
        SELECT command_id FROM messaging_attempt
        GROUP BY 1 HAVING count(DISTINCT (call_reference_id, body_sha256)) > 1""",
    "I5 attempts sent what the command froze": """
        SELECT a.id FROM messaging_attempt a JOIN messaging_command c ON c.id = a.command_id
        WHERE a.call_reference_id <> c.call_reference_id OR a.body_sha256 <> c.body_sha256""",
    "I5 the frozen body matches its hash": """
        SELECT id FROM messaging_command WHERE body_sha256 <> sha256(body)""",
    "I5 attempts of a command do not overlap": """
        SELECT a.id, b.id FROM messaging_attempt a
        JOIN messaging_attempt b ON a.command_id = b.command_id AND a.number < b.number
        WHERE a.outcome <> 'unknown' AND coalesce(a.finished_at, 'infinity') > b.started_at""",
    # A look, unlike a call, leaves no status of HTTP.
    "I5 what may be done once was not called again after an unclear try": """
        SELECT c.id FROM messaging_command c
        JOIN messaging_attempt unclear ON unclear.command_id = c.id
        JOIN messaging_attempt again ON again.command_id = c.id AND again.number > unclear.number
        WHERE c.kind IN ('shipment_note', 'create_return', 'create_location')
        AND unclear.outcome = 'unknown' AND again.http_status IS NOT NULL""",
    "I6 no command asks for more than its cap": """
        SELECT id FROM messaging_command
        WHERE moves_money AND (amount > 0 AND amount <= cap) IS NOT TRUE""",
    "I6 what was asked for in all stays within the refund calculated": """
        SELECT r.id FROM returns_rma r
        JOIN messaging_command c ON c.shop_id = r.shop_id AND c.subject = r.rma_number
        WHERE c.moves_money AND c.state NOT IN ('refused', 'cancelled')
        GROUP BY r.id HAVING sum(c.amount) > r.first_cap""",
    # Narvar may lower a quantity afterwards: then its news says that the lines changed.
    "I6 units told do not exceed the return": """
        SELECT i.id, sum(l.quantity) FROM returns_receiptline l
        JOIN returns_rmaitem i ON i.id = l.item_id
        JOIN messaging_command c ON c.id = l.command_id
        WHERE l.decision <> 'claim'
        GROUP BY i.id HAVING sum(l.quantity) > i.quantity AND NOT EXISTS (
            SELECT 1 FROM returns_rmaevent h
            WHERE h.rma_id = i.rma_id AND h.source IN ('webhook', 'api') AND h.applied
            AND h.at >= max(c.created_at) AND h.changes ?| ARRAY['item_count', 'items_text'])""",
    "I7 one open money command per RMA": """
        SELECT shop_id, subject FROM messaging_command
        WHERE moves_money AND state NOT IN ('confirmed', 'refused', 'cancelled')
        GROUP BY 1, 2 HAVING count(*) > 1""",
    "I9 confirmed money has a transaction of that amount": """
        SELECT c.id FROM messaging_command c
        LEFT JOIN returns_transaction t ON t.confirms_id = c.id
        WHERE c.state = 'confirmed' AND c.moves_money
        AND (t.amount = c.amount AND t.currency = c.currency) IS NOT TRUE""",
    "I9 an RMA says confirmed only with evidence": """
        SELECT r.id FROM returns_rma r WHERE r.money = 'confirmed' AND NOT EXISTS (
            SELECT 1 FROM returns_transaction t
            WHERE t.rma_id = r.id AND t.confirms_id IS NOT NULL)""",
    "I10 what belongs together belongs to one shop": """
        SELECT t.id FROM returns_transaction t JOIN returns_rma r ON r.id = t.rma_id
        LEFT JOIN messaging_command c ON c.id = t.confirms_id
        WHERE t.shop_id <> r.shop_id OR c.shop_id <> r.shop_id OR c.subject <> r.rma_number""",
    "I10 a command is about an RMA of its shop": """
        SELECT c.id FROM messaging_command c
        WHERE c.kind IN ('approval', 'shipment_status', 'shipment_note') AND NOT EXISTS (
            SELECT 1 FROM returns_rma r
            WHERE r.shop_id = c.shop_id AND r.rma_number = c.subject)""",
    "I10 a command is about a location of its shop": """
        SELECT c.id FROM messaging_command c
        WHERE c.kind IN ('create_location', 'update_location', 'delete_location') AND NOT EXISTS (
            SELECT 1 FROM returns_returnlocation l
            WHERE l.shop_id = c.shop_id AND 'location ' || l.id = c.subject)""",
    "I10 a row of a file is about a location of its shop": """
        SELECT r.id FROM returns_locationimportrow r
        JOIN returns_locationimport j ON j.id = r.job_id
        LEFT JOIN returns_returnlocation l ON l.id = r.location_id
        LEFT JOIN messaging_command c ON c.id = r.command_id
        WHERE l.shop_id <> j.shop_id OR c.shop_id <> j.shop_id""",
    "I10 a created return is one of its shop": """
        SELECT c.id FROM messaging_command c
        WHERE c.kind = 'create_return' AND c.state = 'confirmed' AND NOT EXISTS (
            SELECT 1 FROM returns_rma r
            WHERE r.shop_id = c.shop_id AND r.rma_number = c.result ->> 'rma_number')""",
    "I10 a told line's command is about its return": """
        SELECT l.id FROM returns_receiptline l JOIN messaging_command c ON c.id = l.command_id
        JOIN returns_rma r ON r.id = l.rma_id
        WHERE (c.shop_id, c.subject) <> (r.shop_id, r.rma_number)""",
    "I11 every command has its audit row": """
        SELECT c.id FROM messaging_command c WHERE NOT EXISTS (
            SELECT 1 FROM accounts_auditentry a
            WHERE (a.data ->> 'command')::bigint = c.id
            AND ((a.action = 'rma.send_as_new' AND a.actor_id = c.approved_by_id)
            OR a.actor_id = c.requested_by_id AND a.action = CASE c.kind
                WHEN 'approval' THEN 'rma.approve'
                WHEN 'shipment_status' THEN 'rma.status_told'
                WHEN 'shipment_note' THEN 'rma.status_told'
                WHEN 'create_return' THEN 'return.created'
                WHEN 'create_location' THEN 'location.saved'
                WHEN 'update_location' THEN 'location.saved'
                WHEN 'delete_location' THEN 'location.removed' END))""",
    "I11 every command about a location is in its history": """
        SELECT c.id FROM messaging_command c WHERE c.summary ? 'was'
        AND c.kind IN ('create_location', 'update_location', 'delete_location') AND NOT EXISTS (
            SELECT 1 FROM returns_locationchange h WHERE h.command_id = c.id
            AND h.actor_id = c.requested_by_id AND 'location ' || h.location_id = c.subject)""",
    "I11 a location in sync is what both sides agreed on": """
        SELECT id FROM returns_returnlocation
        WHERE sync = 'in_sync' AND narvar_id <> '' AND agreed <> shown""",
    "I4 a location that is being saved has a command for it": """
        SELECT l.id FROM returns_returnlocation l WHERE l.sync = 'sending' AND NOT EXISTS (
            SELECT 1 FROM messaging_command c
            WHERE c.shop_id = l.shop_id AND c.subject = 'location ' || l.id
            AND c.state NOT IN ('confirmed', 'refused', 'cancelled'))""",
    "I11 no row of a file waits when the file is done": """
        SELECT r.id FROM returns_locationimportrow r
        JOIN returns_locationimport j ON j.id = r.job_id
        WHERE j.state IN ('done', 'stopped') AND r.state = 'waiting'""",
    "I11 nobody approved their own request": """
        SELECT id FROM messaging_command WHERE approved_by_id = requested_by_id""",
    "I11 what needs a second person was approved by one": """
        SELECT id FROM messaging_command WHERE second_person AND approved_by_id IS NULL
        AND state NOT IN ('needs_approval', 'cancelled')""",
    "I11 every approval by a second person has its audit row": """
        SELECT c.id FROM messaging_command c WHERE c.approved_by_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM accounts_auditentry a
            WHERE (a.data ->> 'command')::bigint = c.id AND a.actor_id = c.approved_by_id
            AND a.action IN ('rma.approve_request', 'rma.send_as_new'))""",
    "an RMA that needs a person has a case that says why": """
        SELECT r.id FROM returns_rma r WHERE r.work = 'exception' AND NOT EXISTS (
            SELECT 1 FROM returns_case c WHERE c.rma_id = r.id AND c.present)""",
    "a case belongs to the shop of what it is about": """
        SELECT c.id FROM returns_case c LEFT JOIN returns_rma r ON r.id = c.rma_id
        LEFT JOIN returns_parcel p ON p.id = c.parcel_id
        WHERE c.shop_id IS DISTINCT FROM coalesce(r.shop_id, p.shop_id)""",
    "a case was opened as often as its history tells": """
        SELECT c.id FROM returns_case c WHERE c.times_opened <> (
            SELECT count(*) FROM returns_caseevent e
            WHERE e.case_id = c.id AND e.verb IN ('opened', 'reopened'))""",
    "what a person resolved has their line in its history": """
        SELECT c.id FROM returns_case c
        WHERE c.state = 'resolved' AND c.closed_by_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM returns_caseevent e WHERE e.case_id = c.id
            AND e.verb = 'resolved' AND e.actor_id = c.closed_by_id)""",
    "no case rests on what was taken back": """
        SELECT c.id, k.id FROM returns_case c
        JOIN LATERAL (
            SELECT coalesce(max(e.id) FILTER (WHERE e.verb = 'reopened'), 0) AS opened,
                max(e.at) FILTER (WHERE e.verb = 'resolved') AS at
            FROM returns_caseevent e WHERE e.case_id = c.id) last ON true
        JOIN returns_caseevent a ON a.case_id = c.id AND a.verb = 'acted' AND a.id > last.opened
        JOIN messaging_command k ON k.id = (a.data ->> 'command')::bigint
        WHERE c.state = 'resolved' AND c.present
        AND k.state = 'cancelled' AND k.settled_at > last.at""",
    "a row of a job is about a case of its shop": """
        SELECT b.id FROM returns_bulkrow b JOIN returns_bulkjob j ON j.id = b.job_id
        JOIN returns_case c ON c.id = b.case_id
        LEFT JOIN messaging_command k ON k.id = b.command_id
        WHERE c.shop_id <> j.shop_id OR k.shop_id <> j.shop_id""",
    "a job for many counts its rows": """
        SELECT j.id FROM returns_bulkjob j LEFT JOIN returns_bulkrow b ON b.job_id = j.id
        GROUP BY j.id HAVING j.total <> count(b.id)
        OR j.done <> count(b.id) FILTER (WHERE b.state = 'done')
        OR j.refused <> count(b.id) FILTER (WHERE b.state = 'refused')""",
    "counters of cases equal what they count": """
        SELECT coalesce(c.shop_id, w.shop_id), coalesce(c.cause, w.cause), c.n, w.n FROM
            (SELECT shop_id, cause, state, coalesce(owner_id, 0) AS owner, count(*) AS n
             FROM returns_case WHERE state <> 'resolved' GROUP BY 1, 2, 3, 4) c
            FULL JOIN
            (SELECT shop_id, cause, state, coalesce(owner_id, 0) AS owner, sum(delta) AS n
             FROM returns_casecount GROUP BY 1, 2, 3, 4) w
            ON (w.shop_id, w.cause, w.state, w.owner) = (c.shop_id, c.cause, c.state, c.owner)
        WHERE coalesce(c.n, 0) <> coalesce(w.n, 0)""",
    "counters equal what they count": """
        SELECT coalesce(r.shop_id, w.shop_id), coalesce(r.work, w.work), r.n, w.n FROM
            (SELECT shop_id, work, count(*) AS n FROM returns_rma GROUP BY 1, 2) r
            FULL JOIN (SELECT shop_id, work, sum(delta) AS n FROM returns_workcount GROUP BY 1, 2) w
            ON w.shop_id = r.shop_id AND w.work = r.work
        WHERE coalesce(r.n, 0) <> coalesce(w.n, 0)""",
}


def broken() -> list[Broken]:
    """Every invariant that does not hold now, with up to 20 rows that break it."""
    found = []
    with connection.cursor() as cursor:
        for name, query in INVARIANTS.items():
            cursor.execute(query)
            rows = cursor.fetchmany(20)
            if rows:
                found.append(Broken(name, rows))
    return found
