-- What lies in the file store stays there: its names are gone with the table.
DROP TRIGGER messages_attachment_fits_type ON messages;
DROP FUNCTION messages_attachment_fits_type;
DROP TABLE attachments;
DROP FUNCTION attachments_gone;
DROP TABLE stored_files, file_key;
UPDATE messages SET message_type = 'text' WHERE message_type IN ('image', 'file');
