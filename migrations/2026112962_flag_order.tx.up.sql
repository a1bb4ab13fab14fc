-- The oldest flags are listed. A flag is stored when it rises, never by a message.
CREATE INDEX chat_flags_by_age ON chat_flags (raised_at, chat_id, kind) WHERE dismissed_at IS NULL;
-- Raised hands are listed before them.
CREATE INDEX chats_hand_raised ON chats (hand_raised_at) WHERE status = 'active' AND hand_raised_at IS NOT NULL;
