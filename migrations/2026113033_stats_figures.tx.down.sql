DROP TRIGGER chats_report_due ON chats;
CREATE TRIGGER chats_report_due AFTER INSERT OR UPDATE OF status, department, rating, outcome, tags, wrapped_up_at, wrap_up_skipped ON chats
    FOR EACH ROW WHEN (NEW.status = 'ended') EXECUTE FUNCTION report_is_due();
CREATE OR REPLACE FUNCTION report_keep_message() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO report_messages_gone (starts_at, agent_id, department, site, outcome, tags, queued_at, first_response_at)
        SELECT starts_at, agent_id, department, site, outcome, tags, queued_at, first_response_at FROM report_messages WHERE chat_id = OLD.id;
    RETURN OLD;
END $$;
ALTER TABLE report_gone DROP COLUMN estimate_error, DROP COLUMN reasons;
DROP VIEW report_facts;
CREATE VIEW report_facts AS SELECT id AS chat_id, created_at, date_bin('15 minutes', created_at, '2000-01-01Z') AS starts_at, agent_id, department,
    substring(lower(page_url) FROM '^https?://[^/?#]+') AS site, outcome, tags, ended_reason,
    first_assigned_at IS NOT NULL AS is_answered,
    coalesce(assignments, CASE WHEN first_assigned_at IS NULL THEN 0 WHEN assigned_at > first_assigned_at THEN 2 ELSE 1 END) AS assignments,
    extract(epoch FROM first_assigned_at - greatest(queued_at, live_at))::float8 AS wait,
    extract(epoch FROM first_response_at - first_assigned_at)::float8 AS response,
    extract(epoch FROM ended_at - first_assigned_at)::float8 AS handle,
    CASE WHEN NOT wrap_up_skipped THEN extract(epoch FROM wrapped_up_at - ended_at)::float8 END AS wrap_up,
    total_messages AS messages, rating::float8 AS rating
FROM chats WHERE status = 'ended' AND channel = 'chat';
DELETE FROM report_buckets WHERE kind = 'reason';
DROP INDEX report_buckets_without_estimates;
ALTER TABLE report_buckets DROP CONSTRAINT report_buckets_kind_known;
ALTER TABLE report_buckets ADD CONSTRAINT report_buckets_kind_known CHECK (kind IN ('all', 'agent', 'department', 'site', 'outcome', 'tag'));
ALTER TABLE report_buckets DROP COLUMN estimated, DROP COLUMN estimate_error_sum;
