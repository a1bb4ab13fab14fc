-- Chats that only a bot had are counted apart: they are in no other figure of reports.
ALTER TABLE report_buckets ADD COLUMN bot_only integer; -- NULL in buckets that an earlier release made

CREATE OR REPLACE VIEW report_facts AS SELECT id AS chat_id, created_at, date_bin('15 minutes', created_at, '2000-01-01Z') AS starts_at, agent_id, department,
    substring(lower(page_url) FROM '^https?://[^/?#]+') AS site, outcome, tags, ended_reason,
    first_assigned_at IS NOT NULL AS is_answered,
    coalesce(assignments, CASE WHEN first_assigned_at IS NULL THEN 0 WHEN assigned_at > first_assigned_at THEN 2 ELSE 1 END) AS assignments,
    extract(epoch FROM first_assigned_at - greatest(queued_at, live_at))::float8 AS wait,
    extract(epoch FROM first_response_at - first_assigned_at)::float8 AS response,
    extract(epoch FROM ended_at - first_assigned_at)::float8 AS handle,
    CASE WHEN NOT wrap_up_skipped THEN extract(epoch FROM wrapped_up_at - ended_at)::float8 END AS wrap_up,
    total_messages AS messages, rating::float8 AS rating,
    CASE WHEN first_assigned_at IS NOT NULL
        THEN abs(predicted_seconds - greatest(0, extract(epoch FROM first_assigned_at - greatest(queued_at, live_at))::float8)) END AS estimate_error,
    CASE WHEN rating_reasons IS NOT NULL THEN ARRAY(SELECT chosen ->> 'id' FROM jsonb_array_elements(rating_reasons) chosen) END AS reasons,
    coalesce(agent_id = bot_id, false) AS is_bot_only
FROM chats WHERE status = 'ended' AND channel = 'chat';

ALTER TABLE report_gone ADD COLUMN is_bot_only boolean NOT NULL DEFAULT false;
CREATE OR REPLACE FUNCTION report_keep() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO report_gone (starts_at, agent_id, department, site, outcome, tags, ended_reason, is_answered, assignments, wait,
            response, handle, wrap_up, messages, rating, estimate_error, reasons, is_bot_only)
        SELECT starts_at, agent_id, department, site, outcome, tags, ended_reason, is_answered, assignments, wait, response, handle,
            wrap_up, messages, rating, estimate_error, reasons, is_bot_only FROM report_facts WHERE chat_id = OLD.id;
    INSERT INTO report_due (starts_at) VALUES (date_bin('15 minutes', OLD.created_at, '2000-01-01Z'));
    RETURN OLD;
END $$;
