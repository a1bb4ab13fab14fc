DROP TRIGGER chats_due_updated ON chats;
DROP TRIGGER chats_due_inserted ON chats;
DROP FUNCTION keep_chat_due();
ALTER TABLE pulse DROP COLUMN due_for;
DROP TABLE chat_due;
