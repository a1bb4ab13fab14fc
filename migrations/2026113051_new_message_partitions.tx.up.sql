-- A database that was never used has its messages by month from the start. One that has users or agents may serve an earlier release at this
-- moment, which does not know the indexes of partitions: see `parley migrate partition`.
DO $$ BEGIN
    IF to_regclass('schema_migrations') IS NOT NULL AND NOT EXISTS (SELECT FROM users) AND NOT EXISTS (SELECT FROM agents) THEN
        PERFORM partition_messages((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month')::date);
        ALTER TABLE attachments VALIDATE CONSTRAINT attachments_chat_id_message_id_fkey;
        ALTER TABLE message_versions VALIDATE CONSTRAINT message_versions_chat_id_message_id_fkey;
        ALTER TABLE withdrawn_attachments VALIDATE CONSTRAINT withdrawn_attachments_chat_id_message_id_fkey;
    END IF;
END $$;
