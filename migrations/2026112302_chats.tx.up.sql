-- The conversation: a waiting chat is the queue entry.

CREATE SEQUENCE chats_queue_id;

-- version counts the committed changes of a chat, one per transaction: a stream that holds version 7 and is told of
-- version 9 knows that it missed one. No index names a column that changes with a message, so a message
-- updates its chat in place (fillfactor leaves the room).
CREATE TABLE chats (
    id                text PRIMARY KEY CONSTRAINT chats_id_length CHECK (char_length(id) BETWEEN 1 AND 50),
    user_id           text NOT NULL REFERENCES users,
    agent_id          text REFERENCES agents,
    department        text REFERENCES departments ON UPDATE CASCADE,
    status            text NOT NULL CONSTRAINT chats_status_known CHECK (status IN ('waiting', 'active', 'ended')),
    priority          smallint NOT NULL DEFAULT 0 CONSTRAINT chats_priority_range CHECK (priority BETWEEN -100 AND 100),
    queue_id          bigint NOT NULL DEFAULT nextval('chats_queue_id'),
    queued_at         timestamptz NOT NULL,
    returned_at       timestamptz,
    avoid_agent_id    text REFERENCES agents,
    avoid_until       timestamptz,
    predicted_seconds integer,
    user_seen_at      timestamptz NOT NULL,
    created_at        timestamptz NOT NULL,
    assigned_at       timestamptz,
    first_assigned_at timestamptz,
    first_response_at timestamptz,
    ended_at          timestamptz,
    ended_reason      text CONSTRAINT chats_ended_reason_known CHECK (ended_reason IN ('user_ended', 'service_ended', 'timeout', 'cancelled', 'abandoned')),
    ended_type        text CONSTRAINT chats_ended_type_known CHECK (ended_type IN ('manual', 'user_inactive', 'service_inactive', 'auto')),
    end_comment       text,
    version           bigint NOT NULL DEFAULT 0,
    last_seq          integer NOT NULL DEFAULT 0,
    total_messages    integer NOT NULL DEFAULT 0,
    last_message_at   timestamptz,
    quiet_since       timestamptz,
    last_said_by      text CONSTRAINT chats_last_said_by_known CHECK (last_said_by IN ('user', 'customer_service')),
    awaiting_since    timestamptz,
    warned_at         timestamptz,
    unread_by_agent   integer NOT NULL DEFAULT 0,
    unread_by_user    integer NOT NULL DEFAULT 0,
    page_url          text,
    page_title        text,
    rating            numeric(2, 1) CONSTRAINT chats_rating_step CHECK (rating BETWEEN 1 AND 5 AND rating * 2 = trunc(rating * 2)),
    rating_comment    text CONSTRAINT chats_rating_comment_length CHECK (char_length(rating_comment) <= 1000),
    rated_at          timestamptz,
    CONSTRAINT chats_agent_fits_status CHECK (
        (status = 'waiting' AND agent_id IS NULL) OR (status = 'active' AND agent_id IS NOT NULL) OR status = 'ended'),
    CONSTRAINT chats_end_fits_status CHECK (
        (status = 'ended') = (ended_at IS NOT NULL AND ended_reason IS NOT NULL AND ended_type IS NOT NULL)),
    CONSTRAINT chats_rated_when_ended CHECK (rating IS NULL OR (status = 'ended' AND rated_at IS NOT NULL))
) WITH (fillfactor = 75);
ALTER SEQUENCE chats_queue_id OWNED BY chats.queue_id;

-- One open chat per user, whatever runs at the same time.
CREATE UNIQUE INDEX chats_one_open_per_user ON chats (user_id) WHERE status <> 'ended';
-- The queue in serving order.
CREATE INDEX chats_queue_order ON chats (priority DESC, (returned_at IS NULL), queued_at, queue_id) WHERE status = 'waiting';
-- An agent's active chats; also the idle sweep's list.
CREATE INDEX chats_active_by_agent ON chats (agent_id) WHERE status = 'active';
-- A user's history, newest first.
CREATE INDEX chats_user_history ON chats (user_id, created_at DESC);
-- An agent's ended chats, newest first.
CREATE INDEX chats_agent_history ON chats (agent_id, ended_at DESC) WHERE status = 'ended';
-- Clean-up, reports and recent handling times go by the end.
CREATE INDEX chats_ended_at ON chats (ended_at) WHERE status = 'ended';

CREATE SEQUENCE messages_id;

-- id is taken under the chat's row lock, so that order within a chat is commit order; seq is dense within a chat.
CREATE TABLE messages (
    id                bigint NOT NULL DEFAULT nextval('messages_id'),
    chat_id           text NOT NULL REFERENCES chats ON DELETE CASCADE,
    seq               integer NOT NULL,
    version           bigint NOT NULL,
    sender_type       text NOT NULL CONSTRAINT messages_sender_type_known CHECK (sender_type IN ('user', 'customer_service', 'system')),
    sender_id         text NOT NULL,
    message_type      text NOT NULL CONSTRAINT messages_type_known CHECK (message_type IN ('text', 'image', 'file', 'system', 'note')),
    content           text NOT NULL CONSTRAINT messages_content_length CHECK (char_length(content) <= 4000),
    system_kind       text,
    system_args       jsonb,
    client_message_id text CONSTRAINT messages_client_message_id_form CHECK (client_message_id ~ '^[\x20-\x7e]{1,64}$'),
    status            text NOT NULL DEFAULT 'sent' CONSTRAINT messages_status_known CHECK (status IN ('sent', 'delivered', 'read')),
    created_at        timestamptz NOT NULL,
    delivered_at      timestamptz,
    read_at           timestamptz,
    PRIMARY KEY (chat_id, id),
    CONSTRAINT messages_status_fits_times CHECK (
        (status = 'sent' AND delivered_at IS NULL AND read_at IS NULL) OR
        (status = 'delivered' AND delivered_at IS NOT NULL AND read_at IS NULL) OR
        (status = 'read' AND delivered_at IS NOT NULL AND read_at IS NOT NULL))
) WITH (fillfactor = 85);
ALTER SEQUENCE messages_id OWNED BY messages.id;

-- A client's id is used once per chat and sender, for as long as the chat is kept.
CREATE UNIQUE INDEX messages_client_message_id_unique ON messages (chat_id, sender_type, sender_id, client_message_id) WHERE client_message_id IS NOT NULL;

-- Every step of a message's status after "sent", with its time.
CREATE TABLE message_status_changes (
    chat_id    text NOT NULL,
    message_id bigint NOT NULL,
    status     text NOT NULL CONSTRAINT message_status_changes_status_known CHECK (status IN ('delivered', 'read')),
    version    bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, message_id, status),
    FOREIGN KEY (chat_id, message_id) REFERENCES messages (chat_id, id) ON DELETE CASCADE
);
