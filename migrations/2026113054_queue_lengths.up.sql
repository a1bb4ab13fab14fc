-- The length of each queue and when its longest wait began, read from the index alone. No message changes these columns.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_queue_lengths ON chats (department) INCLUDE (queued_at, live_at) WHERE status = 'waiting' AND channel = 'chat';
