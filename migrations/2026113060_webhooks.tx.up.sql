-- Webhooks: which other systems of the company are told of events.
CREATE TABLE webhooks (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                  text NOT NULL CONSTRAINT webhooks_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    url                   text NOT NULL CONSTRAINT webhooks_url_length CHECK (char_length(url) BETWEEN 1 AND 2000),
    events                text[] NOT NULL CONSTRAINT webhooks_events_count CHECK (cardinality(events) BETWEEN 1 AND 40),
    headers               jsonb NOT NULL DEFAULT '{}' CONSTRAINT webhooks_headers_object CHECK (jsonb_typeof(headers) = 'object'),
    -- Deliveries are signed with it, so it is kept as it is. After a rotation the previous one signs too, until then.
    secret                text NOT NULL CONSTRAINT webhooks_secret_form CHECK (secret LIKE 'whsec\_%'),
    previous_secret       text,
    previous_secret_until timestamptz,
    -- on: events are recorded and delivered; paused: recorded; off, after it failed for too long: neither.
    state                 text NOT NULL DEFAULT 'on' CONSTRAINT webhooks_state_known CHECK (state IN ('on', 'paused', 'off')),
    failing_since         timestamptz, -- the first of the failures since the latest success
    failures              integer NOT NULL DEFAULT 0, -- how many these are
    blocked_until         timestamptz, -- nothing is sent before, because it fails
    delivered_at          timestamptz, -- the latest success, to the minute
    -- One process delivers to an endpoint at a time: the one that has the lease.
    lease_owner           text,
    lease_until           timestamptz,
    created_by            text CONSTRAINT webhooks_created_by_fkey REFERENCES agents ON DELETE SET NULL,
    created_at            timestamptz NOT NULL DEFAULT now(),
    removed_at            timestamptz,
    CONSTRAINT webhooks_previous_secret_ends CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL)),
    CONSTRAINT webhooks_lease_complete CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
);
-- Removing an agent finds the webhooks of that agent.
CREATE INDEX webhooks_created_by ON webhooks (created_by) WHERE created_by IS NOT NULL;

-- The outbox: an event that a webhook is told of, recorded in the transaction of what happened.
CREATE TABLE webhook_events (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_id  text NOT NULL DEFAULT 'evt_' || replace(gen_random_uuid()::text, '-', ''), -- the webhook-id
    type       text NOT NULL,
    -- The events of a chat go with the chat, also when a user is erased.
    chat_id    text CONSTRAINT webhook_events_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    message_id bigint,
    sequence   bigint NOT NULL DEFAULT 0, -- of a chat its version, of an agent and an alert a number that grows
    body       jsonb NOT NULL, -- the rows as they were then
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Deleting a chat finds its events, withdrawing a message those of the message.
CREATE INDEX webhook_events_chat ON webhook_events (chat_id, message_id) WHERE chat_id IS NOT NULL;
-- Old events are deleted.
CREATE INDEX webhook_events_created ON webhook_events (created_at);

-- An event for one webhook.
CREATE TABLE webhook_deliveries (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id  bigint NOT NULL CONSTRAINT webhook_deliveries_webhook_id_fkey REFERENCES webhooks ON DELETE CASCADE,
    event_id    bigint NOT NULL CONSTRAINT webhook_deliveries_event_id_fkey REFERENCES webhook_events ON DELETE CASCADE,
    state       text NOT NULL DEFAULT 'pending' CONSTRAINT webhook_deliveries_state_known CHECK (state IN ('pending', 'delivered', 'failed')),
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts    integer NOT NULL DEFAULT 0, -- all of them; it also tells the result of an attempt from that of an earlier one
    -- The backoff and the period of attempts count from here: when it was recorded or replayed.
    first_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    earlier     integer NOT NULL DEFAULT 0, -- attempts before the replay
    finished_at timestamptz,
    CONSTRAINT webhook_deliveries_end CHECK ((state = 'pending') = (finished_at IS NULL))
);
-- The worker finds what is due for an endpoint.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at, id) WHERE state = 'pending';
-- The log of a webhook, newest first, all or what failed.
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook_id, id DESC);
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (webhook_id, id DESC) WHERE state = 'failed';
-- Deleting an event finds its deliveries.
CREATE INDEX webhook_deliveries_event ON webhook_deliveries (event_id);

-- What was sent and answered.
CREATE TABLE webhook_attempts (
    delivery_id     bigint NOT NULL CONSTRAINT webhook_attempts_delivery_id_fkey REFERENCES webhook_deliveries ON DELETE CASCADE,
    number          integer NOT NULL, -- from 1
    at              timestamptz NOT NULL,
    duration_ms     integer NOT NULL,
    status          integer, -- of the answer; NULL for none
    error           text, -- why it failed, a word; NULL for a success
    request_headers jsonb NOT NULL, -- without the values of the administrator's own
    answer_headers  jsonb,
    answer          text, -- the first 64 kB
    PRIMARY KEY (delivery_id, number)
);
