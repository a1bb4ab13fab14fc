ALTER TABLE received_mails DROP COLUMN message_id;
ALTER TABLE agents DROP COLUMN closing_reminders;
