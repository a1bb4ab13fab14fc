DROP TABLE chat_pages;
DROP TABLE user_notes;
DROP TABLE user_tags;
ALTER TABLE users DROP COLUMN attributes;
