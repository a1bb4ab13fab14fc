-- The queue in serving order, each part rising, so that "before this one" is one range of the index.
DROP INDEX chats_queue_order;
CREATE INDEX chats_queue_order ON chats ((-(priority::integer)), (returned_at IS NULL), queued_at, queue_id) WHERE status = 'waiting';
