ALTER TABLE chats
    DROP COLUMN predicted_department,
    DROP COLUMN predicted_known;
