ALTER TABLE chats DROP COLUMN wrap_up_skipped, DROP COLUMN wrapped_up_at, DROP COLUMN tags, DROP COLUMN outcome;
DROP TABLE wrap_up_options;
