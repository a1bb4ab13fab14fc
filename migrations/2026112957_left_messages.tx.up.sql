-- Messages that users left are figures of their own: the others of a report are about live chats. The sketch is of the opening hours until the
-- first answer. The previous release leaves them at 0 in what it sums up.
ALTER TABLE report_buckets
    ADD COLUMN messages_left     integer NOT NULL DEFAULT 0,
    ADD COLUMN messages_answered integer NOT NULL DEFAULT 0,
    ADD COLUMN message_answer_sketch bytea;

-- What a report needs of a message that has ended.
CREATE VIEW report_messages AS SELECT id AS chat_id, created_at, date_bin('15 minutes', created_at, '2000-01-01Z') AS starts_at, agent_id, department,
    substring(lower(page_url) FROM '^https?://[^/?#]+') AS site, outcome, tags, queued_at, first_response_at
FROM chats WHERE status = 'ended' AND channel = 'message';

-- The figures of messages that were deleted, without the message and its user, until the task adds them to the kept part of their quarter.
CREATE TABLE report_messages_gone AS SELECT * FROM report_messages WITH NO DATA;
ALTER TABLE report_messages_gone DROP COLUMN chat_id, DROP COLUMN created_at, ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
-- A quarter that is made again finds what was deleted.
CREATE INDEX report_messages_gone_quarter ON report_messages_gone (starts_at);
CREATE FUNCTION report_keep_message() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO report_messages_gone (starts_at, agent_id, department, site, outcome, tags, queued_at, first_response_at)
        SELECT starts_at, agent_id, department, site, outcome, tags, queued_at, first_response_at FROM report_messages WHERE chat_id = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER chats_report_keep_message BEFORE DELETE ON chats
    FOR EACH ROW WHEN (OLD.status = 'ended' AND OLD.channel = 'message') EXECUTE FUNCTION report_keep_message();

-- The messages that have ended before are summed up as soon as the task has come to them.
INSERT INTO report_due (starts_at) SELECT DISTINCT starts_at FROM report_messages ORDER BY starts_at;
