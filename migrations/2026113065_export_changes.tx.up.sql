-- Which ended chats changed, and in which transaction, so that an export goes on after the one before without reading every chat. A chat that ends, or
-- that changes after its end, has one row. Open chats are few and are looked at by each export, so a message costs nothing here.
CREATE TABLE export_changes (
    chat_id    text PRIMARY KEY REFERENCES chats ON DELETE CASCADE,
    -- The transaction of the latest change. An export knows from its snapshot below which number every transaction was visible.
    changed_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- An export reads the changes in this order.
CREATE INDEX export_changes_by_transaction ON export_changes (changed_by, chat_id);
-- The PostgreSQL whose transactions changed_by counts. After the data was moved to another one the numbers mean nothing and are reset.
ALTER TABLE installation ADD COLUMN transactions_of text NOT NULL DEFAULT '';

CREATE FUNCTION note_export_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO export_changes (chat_id) VALUES (NEW.id)
        ON CONFLICT (chat_id) DO UPDATE SET changed_by = excluded.changed_by, changed_at = excluded.changed_at;
    RETURN NULL;
END $$;
-- Triggers, since the previous release knows nothing of it.
CREATE TRIGGER chats_export_change AFTER INSERT OR UPDATE ON chats
    FOR EACH ROW WHEN (NEW.status = 'ended') EXECUTE FUNCTION note_export_change();
