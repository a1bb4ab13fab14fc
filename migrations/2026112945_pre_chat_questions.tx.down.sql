ALTER TABLE chats DROP COLUMN answered_at;
DROP TABLE chat_answers;
DROP TABLE questions;
