DROP INDEX chats_queue_order;
CREATE INDEX chats_queue_order ON chats (priority DESC, (returned_at IS NULL), queued_at, queue_id) WHERE status = 'waiting';
