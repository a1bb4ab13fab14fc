-- The agent's chats that are still to be wrapped up, the latest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_to_wrap_up ON chats (agent_id, ended_at) WHERE status = 'ended' AND wrapped_up_at IS NULL;
-- The most used outcomes and tags of a department.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_wrapped_up ON chats (department, wrapped_up_at) WHERE wrapped_up_at IS NOT NULL;
-- The latest ended chats of a department, from which its waits are estimated.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_department_ended ON chats (department, ended_at) WHERE status = 'ended';
-- How good the estimates of a period were is read from this index alone. None of its columns is written by a message.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_predictions ON chats (created_at)
    INCLUDE (queued_at, first_assigned_at, ended_at, predicted_seconds, predicted_low_seconds, predicted_high_seconds, predicted_known,
        predicted_department)
    WHERE predicted_known IS NOT NULL;
-- Reports and repairs read ended chats by when they began.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_ended_created ON chats (created_at) WHERE status = 'ended';
-- The comments of a report, the latest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_rating_comments ON chats (created_at DESC) WHERE rating_comment IS NOT NULL;
-- The queue of live chats in serving order. chats_queue_order has messages too, of which many may wait at night.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_live_queue_order ON chats (priority DESC, (returned_at IS NULL), queued_at, queue_id) WHERE status = 'waiting' AND channel = 'chat';
-- The messages that wait, in serving order.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_message_queue_order ON chats (priority DESC, (returned_at IS NULL), queued_at, queue_id) WHERE status = 'waiting' AND channel = 'message';
-- The messages that agents have.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_active_messages ON chats (agent_id) WHERE status = 'active' AND channel = 'message';
-- Raised hands are listed before them.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_hand_raised ON chats (hand_raised_at) WHERE status = 'active' AND hand_raised_at IS NOT NULL;
