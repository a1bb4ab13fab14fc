CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_live_queue_order ON chats (priority DESC, (returned_at IS NULL), queued_at, queue_id) WHERE status = 'waiting' AND channel = 'chat';
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_message_queue_order ON chats (priority DESC, (returned_at IS NULL), queued_at, queue_id) WHERE status = 'waiting' AND channel = 'message';
DROP INDEX CONCURRENTLY IF EXISTS chats_message_serving_order;
DROP INDEX CONCURRENTLY IF EXISTS chats_live_serving_order;
