CREATE OR REPLACE VIEW report_facts AS SELECT id AS chat_id, created_at, date_bin('15 minutes', created_at, '2000-01-01Z') AS starts_at, agent_id, department,
    substring(lower(page_url) FROM '^https?://[^/?#]+') AS site, outcome, tags, ended_reason,
    first_assigned_at IS NOT NULL AS is_answered,
    coalesce(assignments, CASE WHEN first_assigned_at IS NULL THEN 0 WHEN assigned_at > first_assigned_at THEN 2 ELSE 1 END) AS assignments,
    extract(epoch FROM first_assigned_at - queued_at)::float8 AS wait,
    extract(epoch FROM first_response_at - first_assigned_at)::float8 AS response,
    extract(epoch FROM ended_at - first_assigned_at)::float8 AS handle,
    CASE WHEN NOT wrap_up_skipped THEN extract(epoch FROM wrapped_up_at - ended_at)::float8 END AS wrap_up,
    total_messages AS messages, rating::float8 AS rating
FROM chats WHERE status = 'ended';
ALTER TABLE chats DROP COLUMN live_at;
