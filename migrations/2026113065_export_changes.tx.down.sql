DROP TRIGGER chats_export_change ON chats;
DROP FUNCTION note_export_change;
ALTER TABLE installation DROP COLUMN transactions_of;
DROP TABLE export_changes;
