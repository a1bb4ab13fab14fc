DROP INDEX outgoing_mails_message_id;
DROP TABLE received_mails;
ALTER TABLE messages DROP COLUMN via;
