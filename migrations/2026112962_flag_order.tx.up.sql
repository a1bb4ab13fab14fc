-- The oldest flags are listed. A flag is stored when it rises, never by a message.
CREATE INDEX chat_flags_by_age ON chat_flags (raised_at, chat_id, kind) WHERE dismissed_at IS NULL;
