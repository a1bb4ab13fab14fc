-- Figures of ended chats for reports over long periods, and of agents' time. The chats of a quarter of an hour, by when they began, are summed
-- up by a periodic task, so that a message costs nothing more. Quarters, since time zones differ by these; hours and days are sums of quarters.

-- How often a chat was given to an agent. NULL for chats from before this column.
ALTER TABLE chats ADD COLUMN assignments integer;
CREATE FUNCTION count_assignment() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.assignments := CASE WHEN TG_OP = 'INSERT' THEN 1 WHEN OLD.first_assigned_at IS NULL THEN 1 ELSE OLD.assignments + 1 END;
    RETURN NEW;
END $$;
CREATE TRIGGER chats_assigned_at_once BEFORE INSERT ON chats
    FOR EACH ROW WHEN (NEW.agent_id IS NOT NULL AND NEW.assignments IS NULL) EXECUTE FUNCTION count_assignment();
CREATE TRIGGER chats_assigned BEFORE UPDATE OF agent_id ON chats
    FOR EACH ROW WHEN (NEW.agent_id IS NOT NULL AND NEW.agent_id IS DISTINCT FROM OLD.agent_id) EXECUTE FUNCTION count_assignment();

-- What a report needs of an ended chat. The previous release stored no number of assignments; a second one shows in the times.
CREATE VIEW report_facts AS SELECT id AS chat_id, created_at, date_bin('15 minutes', created_at, '2000-01-01Z') AS starts_at, agent_id, department,
    substring(lower(page_url) FROM '^https?://[^/?#]+') AS site, outcome, tags, ended_reason,
    first_assigned_at IS NOT NULL AS is_answered,
    coalesce(assignments, CASE WHEN first_assigned_at IS NULL THEN 0 WHEN assigned_at > first_assigned_at THEN 2 ELSE 1 END) AS assignments,
    extract(epoch FROM first_assigned_at - queued_at)::float8 AS wait,
    extract(epoch FROM first_response_at - first_assigned_at)::float8 AS response,
    extract(epoch FROM ended_at - first_assigned_at)::float8 AS handle,
    CASE WHEN NOT wrap_up_skipped THEN extract(epoch FROM wrapped_up_at - ended_at)::float8 END AS wrap_up,
    total_messages AS messages, rating::float8 AS rating
FROM chats WHERE status = 'ended';

-- Figures by agent, department, site, outcome or tag, or of all chats with the name ''. grain is the length of the period in seconds: 900,
-- 3600 (of all chats alone) or 86400, in UTC. is_kept marks the part of a quarter whose chats are deleted; the other part can be made again.
-- The sketches are DDSketches with a relative accuracy of 1 %, encoded without their mapping; NULL for none.
CREATE TABLE report_buckets (
    kind            text NOT NULL CONSTRAINT report_buckets_kind_known CHECK (kind IN ('all', 'agent', 'department', 'site', 'outcome', 'tag')),
    name            text NOT NULL,
    grain           integer NOT NULL CONSTRAINT report_buckets_grain_known CHECK (grain IN (900, 3600, 86400)),
    starts_at       timestamptz NOT NULL,
    is_kept         boolean NOT NULL,
    chats           integer NOT NULL,
    answered        integer NOT NULL,
    abandoned       integer NOT NULL,
    cancelled       integer NOT NULL,
    timeouts        integer NOT NULL,
    transfers       integer NOT NULL,
    one_touch       integer NOT NULL,
    responses       integer NOT NULL,
    wrap_ups        integer NOT NULL,
    messages        bigint NOT NULL,
    ratings         integer NOT NULL,
    satisfied       integer NOT NULL,
    rating_sum      double precision NOT NULL,
    wait_sum        double precision NOT NULL,
    response_sum    double precision NOT NULL,
    handle_sum      double precision NOT NULL,
    wrap_up_sum     double precision NOT NULL,
    wait_sketch     bytea,
    response_sketch bytea,
    handle_sketch   bytea,
    wrap_up_sketch  bytea,
    -- A report reads one name over a period.
    PRIMARY KEY (kind, name, grain, starts_at, is_kept),
    -- Only quarters have a kept part; what is longer holds both.
    CONSTRAINT report_buckets_kept_quarters CHECK (NOT is_kept OR grain = 900)
);
-- A report by agent, department, site, outcome or tag reads every name over a period; a quarter that is made again finds its rows.
CREATE INDEX report_buckets_period ON report_buckets (kind, grain, starts_at);

-- The quarters that are to be made or made again, the latest ones first. A quarter may be here several times: nothing waits for the task here.
CREATE TABLE report_due (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    starts_at timestamptz NOT NULL
);
-- The task takes all rows of a quarter at once.
CREATE INDEX report_due_quarter ON report_due (starts_at);
-- What changes the figures of an ended chat. The columns that a message writes are not among these, so a message pays for no trigger.
CREATE FUNCTION report_is_due() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO report_due (starts_at) VALUES (date_bin('15 minutes', NEW.created_at, '2000-01-01Z'));
    RETURN NULL;
END $$;
CREATE TRIGGER chats_report_due AFTER INSERT OR UPDATE OF status, department, rating, outcome, tags, wrapped_up_at, wrap_up_skipped ON chats
    FOR EACH ROW WHEN (NEW.status = 'ended') EXECUTE FUNCTION report_is_due();

-- The figures of chats that were deleted, without the chat and its user, until the task adds them to the kept part of their quarter.
CREATE TABLE report_gone AS SELECT * FROM report_facts WITH NO DATA;
ALTER TABLE report_gone DROP COLUMN chat_id, DROP COLUMN created_at, ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
-- A quarter that is made again finds what was deleted.
CREATE INDEX report_gone_quarter ON report_gone (starts_at);
CREATE FUNCTION report_keep() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO report_gone (starts_at, agent_id, department, site, outcome, tags, ended_reason, is_answered, assignments, wait,
            response, handle, wrap_up, messages, rating)
        SELECT starts_at, agent_id, department, site, outcome, tags, ended_reason, is_answered, assignments, wait, response, handle,
            wrap_up, messages, rating FROM report_facts WHERE chat_id = OLD.id;
    INSERT INTO report_due (starts_at) VALUES (date_bin('15 minutes', OLD.created_at, '2000-01-01Z'));
    RETURN OLD;
END $$;
CREATE TRIGGER chats_report_keep BEFORE DELETE ON chats
    FOR EACH ROW WHEN (OLD.status = 'ended') EXECUTE FUNCTION report_keep();

-- How long agents were present, by quarters and days in UTC. slot_seconds are the places for chats that online agents had.
CREATE TABLE report_agent_time (
    agent_id       text NOT NULL,
    grain          integer NOT NULL CONSTRAINT report_agent_time_grain_known CHECK (grain IN (900, 86400)),
    starts_at      timestamptz NOT NULL,
    online_seconds integer NOT NULL,
    away_seconds   integer NOT NULL,
    break_seconds  integer NOT NULL,
    slot_seconds   integer NOT NULL,
    PRIMARY KEY (agent_id, grain, starts_at)
);
-- A report reads all agents over a period; the task finds how far it has come.
CREATE INDEX report_agent_time_period ON report_agent_time (grain, starts_at);

-- The chats that have ended before are summed up as soon as the task has come to them.
INSERT INTO report_due (starts_at) SELECT DISTINCT starts_at FROM report_facts ORDER BY starts_at;
