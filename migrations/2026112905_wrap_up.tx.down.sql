DROP INDEX chats_wrapped_up, chats_to_wrap_up;
ALTER TABLE chats DROP COLUMN wrap_up_skipped, DROP COLUMN wrapped_up_at, DROP COLUMN tags, DROP COLUMN outcome;
DROP TABLE wrap_up_options;
