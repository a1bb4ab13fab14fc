ALTER TABLE message_status_changes
    DROP CONSTRAINT message_status_changes_status_known,
    ALTER status TYPE text,
    ADD CONSTRAINT message_status_changes_status_known CHECK (status IN ('delivered', 'read'));

DROP INDEX messages_client_message_id_unique;
ALTER TABLE messages DROP CONSTRAINT messages_status_fits_times;
ALTER TABLE messages
    ALTER sender_type TYPE text,
    ALTER message_type TYPE text,
    ALTER content TYPE text,
    ALTER client_message_id TYPE text,
    ALTER status DROP DEFAULT,
    ALTER status TYPE text,
    ALTER status SET DEFAULT 'sent',
    ADD CONSTRAINT messages_sender_type_known CHECK (sender_type IN ('user', 'customer_service', 'system')),
    ADD CONSTRAINT messages_type_known CHECK (message_type IN ('text', 'image', 'file', 'system', 'note')),
    ADD CONSTRAINT messages_content_length CHECK (char_length(content) <= 4000),
    ADD CONSTRAINT messages_client_message_id_form CHECK (client_message_id ~ '^[\x20-\x7e]{1,64}$'),
    ADD CONSTRAINT messages_status_known CHECK (status IN ('sent', 'delivered', 'read')),
    ADD CONSTRAINT messages_status_fits_times CHECK (
        (status = 'sent' AND delivered_at IS NULL AND read_at IS NULL) OR
        (status = 'delivered' AND delivered_at IS NOT NULL AND read_at IS NULL) OR
        (status = 'read' AND delivered_at IS NOT NULL AND read_at IS NOT NULL));
CREATE UNIQUE INDEX messages_client_message_id_unique ON messages (chat_id, sender_type, sender_id, client_message_id) WHERE client_message_id IS NOT NULL;

DROP TRIGGER chats_keep_rules ON chats;
DROP FUNCTION chats_keep_rules();
DROP INDEX chats_one_open_per_user, chats_queue_order, chats_active_by_agent, chats_agent_history, chats_ended_at;
ALTER TABLE chats
    ALTER id TYPE text,
    ALTER status TYPE text,
    ALTER priority TYPE smallint,
    ALTER ended_reason TYPE text,
    ALTER ended_type TYPE text,
    ALTER last_said_by TYPE text,
    ALTER rating TYPE numeric(2, 1),
    ALTER rating_comment TYPE text,
    ADD CONSTRAINT chats_id_length CHECK (char_length(id) BETWEEN 1 AND 50),
    ADD CONSTRAINT chats_status_known CHECK (status IN ('waiting', 'active', 'ended')),
    ADD CONSTRAINT chats_priority_range CHECK (priority BETWEEN -100 AND 100),
    ADD CONSTRAINT chats_ended_reason_known CHECK (ended_reason IN ('user_ended', 'service_ended', 'timeout', 'cancelled', 'abandoned')),
    ADD CONSTRAINT chats_ended_type_known CHECK (ended_type IN ('manual', 'user_inactive', 'service_inactive', 'auto')),
    ADD CONSTRAINT chats_last_said_by_known CHECK (last_said_by IN ('user', 'customer_service')),
    ADD CONSTRAINT chats_rating_step CHECK (rating BETWEEN 1 AND 5 AND rating * 2 = trunc(rating * 2)),
    ADD CONSTRAINT chats_rating_comment_length CHECK (char_length(rating_comment) <= 1000),
    ADD CONSTRAINT chats_agent_fits_status CHECK (
        (status = 'waiting' AND agent_id IS NULL) OR (status = 'active' AND agent_id IS NOT NULL) OR status = 'ended'),
    ADD CONSTRAINT chats_end_fits_status CHECK (
        (status = 'ended') = (ended_at IS NOT NULL AND ended_reason IS NOT NULL AND ended_type IS NOT NULL)),
    ADD CONSTRAINT chats_rated_when_ended CHECK (rating IS NULL OR (status = 'ended' AND rated_at IS NOT NULL));
CREATE UNIQUE INDEX chats_one_open_per_user ON chats (user_id) WHERE status <> 'ended';
CREATE INDEX chats_queue_order ON chats (priority DESC, (returned_at IS NULL), queued_at, queue_id) WHERE status = 'waiting';
CREATE INDEX chats_active_by_agent ON chats (agent_id) WHERE status = 'active';
CREATE INDEX chats_agent_history ON chats (agent_id, ended_at DESC) WHERE status = 'ended';
CREATE INDEX chats_ended_at ON chats (ended_at) WHERE status = 'ended';
DROP TYPE chat_status, chat_ended_reason, chat_ended_type, chat_side, message_sender, message_type, message_status;
DROP DOMAIN chat_id, chat_priority, chat_rating, client_message_id;
