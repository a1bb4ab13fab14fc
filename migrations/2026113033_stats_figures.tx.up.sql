-- What the statistics of a period need besides what reports do, so that they are read from the same sums: how far the estimated waits were off, and
-- the reasons of ratings, as a kind of buckets whose names are the ids of the reasons.
ALTER TABLE report_buckets
    ADD COLUMN estimated          integer, -- chats whose wait was estimated; NULL in buckets of the previous release, which are made again
    ADD COLUMN estimate_error_sum double precision; -- of the differences between estimated and actual waits, in seconds
ALTER TABLE report_buckets DROP CONSTRAINT report_buckets_kind_known;
ALTER TABLE report_buckets ADD CONSTRAINT report_buckets_kind_known
    CHECK (kind IN ('all', 'agent', 'department', 'site', 'outcome', 'tag', 'reason')) NOT VALID;
-- The quarters that the previous release made, which the task makes again; none after a while.
CREATE INDEX report_buckets_without_estimates ON report_buckets (starts_at)
    WHERE kind = 'all' AND name = '' AND grain = 900 AND NOT is_kept AND chats > 0 AND estimated IS NULL;

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
    CASE WHEN rating_reasons IS NOT NULL THEN ARRAY(SELECT chosen ->> 'id' FROM jsonb_array_elements(rating_reasons) chosen) END AS reasons
FROM chats WHERE status = 'ended' AND channel = 'chat';

ALTER TABLE report_gone ADD COLUMN estimate_error double precision, ADD COLUMN reasons text[];
CREATE OR REPLACE FUNCTION report_keep() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO report_gone (starts_at, agent_id, department, site, outcome, tags, ended_reason, is_answered, assignments, wait,
            response, handle, wrap_up, messages, rating, estimate_error, reasons)
        SELECT starts_at, agent_id, department, site, outcome, tags, ended_reason, is_answered, assignments, wait, response, handle,
            wrap_up, messages, rating, estimate_error, reasons FROM report_facts WHERE chat_id = OLD.id;
    INSERT INTO report_due (starts_at) VALUES (date_bin('15 minutes', OLD.created_at, '2000-01-01Z'));
    RETURN OLD;
END $$;
-- Reasons may change without the rating.
DROP TRIGGER chats_report_due ON chats;
CREATE TRIGGER chats_report_due AFTER INSERT OR UPDATE OF status, department, rating, rating_reasons, outcome, tags, wrapped_up_at, wrap_up_skipped ON chats
    FOR EACH ROW WHEN (NEW.status = 'ended') EXECUTE FUNCTION report_is_due();
