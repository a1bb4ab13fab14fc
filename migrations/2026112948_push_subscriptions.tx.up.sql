-- Devices on which an agent wants to be told of chats while no window of Parley is open. A device belongs to the session in which it was
-- added and goes with it, also when the previous release ends the session.
CREATE TABLE push_subscriptions (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id     text NOT NULL REFERENCES agents ON DELETE CASCADE,
    session_hash bytea NOT NULL REFERENCES sessions ON DELETE CASCADE,
    endpoint     text NOT NULL CONSTRAINT push_subscriptions_endpoint_form CHECK (endpoint ~ '^https://[\x21-\x7e]+$' AND length(endpoint) <= 1024),
    p256dh       bytea NOT NULL CONSTRAINT push_subscriptions_p256dh_length CHECK (octet_length(p256dh) = 65),
    auth         bytea NOT NULL CONSTRAINT push_subscriptions_auth_length CHECK (octet_length(auth) = 16),
    user_agent   text NOT NULL DEFAULT '',
    locale       text NOT NULL DEFAULT 'en', -- the language of the notifications
    created_at   timestamptz NOT NULL DEFAULT now(),
    sent_at      timestamptz, -- when the push service last accepted a notification
    failed_at    timestamptz  -- when it last refused one
);
-- A browser has one endpoint, whichever agent uses it.
CREATE UNIQUE INDEX push_subscriptions_endpoint_unique ON push_subscriptions (endpoint);
-- The devices of an agent.
CREATE INDEX push_subscriptions_agent ON push_subscriptions (agent_id);
-- Ending a session finds its devices.
CREATE INDEX push_subscriptions_session ON push_subscriptions (session_hash);

-- What devices are told: one row for each device and event, so that the event is told once however many workers find it. A row without
-- done_at is still to be sent.
CREATE TABLE push_notices (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id uuid NOT NULL REFERENCES push_subscriptions ON DELETE CASCADE,
    chat_id   text NOT NULL REFERENCES chats ON DELETE CASCADE,
    kind      text NOT NULL CONSTRAINT push_notices_kind_known CHECK (kind IN ('chat', 'message', 'offer', 'reminder')),
    moment     timestamptz NOT NULL, -- of the event
    message_id bigint NOT NULL DEFAULT 0, -- the last message of the chat that it covers
    made_at   timestamptz NOT NULL DEFAULT now(),
    due_at    timestamptz NOT NULL DEFAULT now(), -- when it is sent, or tried again
    tries     integer NOT NULL DEFAULT 0,
    done_at   timestamptz -- when it was sent, given up or no longer needed
);
CREATE UNIQUE INDEX push_notices_once ON push_notices (device_id, chat_id, kind, moment);
-- What is to be sent next.
CREATE INDEX push_notices_due ON push_notices (due_at) WHERE done_at IS NULL;
-- Deleting a chat finds its notices.
CREATE INDEX push_notices_chat ON push_notices (chat_id);

-- One row: the VAPID keys by which push services recognize this installation, shared by all instances. Browsers subscribe with the public
-- key, so deleting the row makes every subscription worthless.
CREATE TABLE push_keys (
    one         boolean PRIMARY KEY DEFAULT true CONSTRAINT push_keys_one_row CHECK (one),
    public_key  bytea NOT NULL CONSTRAINT push_keys_public_key_length CHECK (octet_length(public_key) = 65),
    private_key bytea NOT NULL CONSTRAINT push_keys_private_key_length CHECK (octet_length(private_key) = 32)
);
