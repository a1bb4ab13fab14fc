DROP TABLE message_status_changes;
DROP TABLE messages;
DROP TABLE chats;
