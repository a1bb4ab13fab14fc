-- Copies the messages into tables without partitions.
DO $$
DECLARE
    again text[];
    statement text;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'messages'::regclass) <> 'p' THEN
        RETURN;
    END IF;
    LOCK TABLE chats, messages, message_status_changes, attachments, message_versions, withdrawn_attachments IN ACCESS EXCLUSIVE MODE;
    again := unlink_messages();
    DROP TRIGGER messages_attachment_fits_type ON messages;
    PERFORM make_message_table('messages', 'messages_whole');
    PERFORM make_message_table('message_status_changes', 'message_status_changes_whole');
    INSERT INTO messages_whole SELECT * FROM messages;
    INSERT INTO message_status_changes_whole SELECT * FROM message_status_changes;
    ALTER SEQUENCE messages_id OWNED BY messages_whole.id;
    DROP TABLE messages, message_status_changes;
    ALTER TABLE messages_whole RENAME TO messages;
    ALTER TABLE message_status_changes_whole RENAME TO message_status_changes;
    ALTER TABLE messages RENAME CONSTRAINT messages_whole_pkey TO messages_pkey;
    ALTER INDEX messages_whole_client_message_id_unique RENAME TO messages_client_message_id_unique;
    ALTER TABLE message_status_changes RENAME CONSTRAINT message_status_changes_whole_pkey TO message_status_changes_pkey;
    ALTER TABLE messages ADD FOREIGN KEY (chat_id) REFERENCES chats ON DELETE CASCADE;
    ALTER TABLE message_status_changes ADD FOREIGN KEY (chat_id, message_id) REFERENCES messages ON DELETE CASCADE;
    CREATE CONSTRAINT TRIGGER messages_attachment_fits_type AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.message_type IN ('image', 'file')) EXECUTE FUNCTION messages_attachment_fits_type();
    FOREACH statement IN ARRAY again LOOP
        EXECUTE regexp_replace(statement, ' NOT VALID$', '');
    END LOOP;
END $$;
UPDATE schema_migrations SET requires = NULL WHERE name = '2026113050_message_partitions';
