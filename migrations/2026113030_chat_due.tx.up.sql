-- When the sweep looks at an open live chat again: no later than its next step (the idle warning, the end, the end of QUEUE_GRACE) can be due.
-- A message moves that step but changes nothing here, so that it still updates its chat in place; the sweep then finds that the chat is not due yet
-- and moves the row.
CREATE TABLE chat_due (
    chat_id text PRIMARY KEY REFERENCES chats ON DELETE CASCADE,
    due_at  timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.2);
-- The sweep finds what is due.
CREATE INDEX chat_due_by_time ON chat_due (due_at);
-- The settings that the times in chat_due were computed for. A sweep with other settings makes every chat due, to look at it again.
ALTER TABLE pulse ADD COLUMN due_for text NOT NULL DEFAULT '';

-- A chat that begins to wait or becomes active is looked at by the next sweep, whatever the settings are. Triggers, since the previous release knows
-- nothing of it.
CREATE FUNCTION keep_chat_due() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.status = 'ended' OR NEW.channel <> 'chat' THEN
        DELETE FROM chat_due WHERE chat_id = NEW.id;
    ELSE
        INSERT INTO chat_due (chat_id, due_at) VALUES (NEW.id, clock_timestamp())
            ON CONFLICT (chat_id) DO UPDATE SET due_at = excluded.due_at;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chats_due_inserted AFTER INSERT ON chats
    FOR EACH ROW WHEN (NEW.status <> 'ended' AND NEW.channel = 'chat') EXECUTE FUNCTION keep_chat_due();
-- A message changes neither column, so it pays for no trigger.
CREATE TRIGGER chats_due_updated AFTER UPDATE OF status, channel ON chats
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.channel IS DISTINCT FROM NEW.channel) EXECUTE FUNCTION keep_chat_due();

INSERT INTO chat_due (chat_id, due_at) SELECT id, clock_timestamp() FROM chats WHERE status <> 'ended' AND channel = 'chat';
