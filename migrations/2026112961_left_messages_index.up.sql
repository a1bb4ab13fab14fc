-- The list of messages that users left, the latest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_left_messages ON chats (created_at DESC, id) WHERE channel = 'message';
