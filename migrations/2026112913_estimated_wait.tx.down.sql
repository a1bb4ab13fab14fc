ALTER TABLE chats
    DROP COLUMN predicted_high_seconds,
    DROP COLUMN predicted_low_seconds;
