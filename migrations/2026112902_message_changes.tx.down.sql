-- The trigger makes the files due: without the table nothing would delete them.
DELETE FROM withdrawn_attachments;
DROP TABLE withdrawn_attachments;
DROP TABLE message_versions;
ALTER TABLE messages DROP COLUMN edited_at, DROP COLUMN withdrawn_at, DROP COLUMN changed_version;
