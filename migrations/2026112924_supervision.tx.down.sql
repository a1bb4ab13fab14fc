DROP TABLE chat_watches;
DROP TABLE chat_flag_scans;
DROP TABLE chat_flags;
ALTER TABLE chats DROP COLUMN transfers, DROP COLUMN hand_line, DROP COLUMN hand_raised_at, DROP COLUMN watcher_ids, DROP COLUMN joined_ids;
