ALTER TABLE messages DROP COLUMN by_bot, DROP COLUMN quick_replies;
ALTER TABLE chats DROP COLUMN bot_id;
DROP TABLE bots;
ALTER TABLE agents DROP COLUMN kind;
