-- Who answers, who asks, and how they prove it.

CREATE TABLE departments (
    slug       text PRIMARY KEY CONSTRAINT departments_slug_form CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    name       text NOT NULL CONSTRAINT departments_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- load is the agent's active chats. It is counted where chats change hands and read by the one assigner,
-- so choosing an agent never counts chats. fillfactor leaves room for it to change in place.
CREATE TABLE agents (
    id             text PRIMARY KEY,
    email          text NOT NULL CONSTRAINT agents_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    name           text NOT NULL CONSTRAINT agents_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    avatar         text,
    role           text NOT NULL CONSTRAINT agents_role_known CHECK (role IN ('agent', 'supervisor', 'admin')),
    password_hash  text NOT NULL,
    max_concurrent integer NOT NULL DEFAULT 5 CONSTRAINT agents_max_concurrent_range CHECK (max_concurrent BETWEEN 0 AND 100),
    load           integer NOT NULL DEFAULT 0 CONSTRAINT agents_load_not_negative CHECK (load >= 0),
    choice         text NOT NULL DEFAULT 'offline' CONSTRAINT agents_choice_known CHECK (choice IN ('online', 'away', 'offline')),
    choice_at      timestamptz NOT NULL DEFAULT now(),
    seen_at        timestamptz NOT NULL DEFAULT now(),
    lost_at        timestamptz,
    idle_since     timestamptz NOT NULL DEFAULT now(),
    rating_sum     numeric NOT NULL DEFAULT 0,
    rating_count   integer NOT NULL DEFAULT 0,
    disabled_at    timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

-- An address is one account however it is spelled.
CREATE UNIQUE INDEX agents_email_unique ON agents (lower(email));

CREATE TABLE agent_departments (
    agent_id   text NOT NULL REFERENCES agents ON DELETE CASCADE,
    department text NOT NULL REFERENCES departments ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (agent_id, department)
);
-- Removing a department finds its agents.
CREATE INDEX agent_departments_department ON agent_departments (department);

CREATE TABLE users (
    id          text PRIMARY KEY CONSTRAINT users_id_length CHECK (char_length(id) BETWEEN 1 AND 64),
    name        text,
    email       text,
    avatar      text,
    is_verified boolean NOT NULL DEFAULT false,
    locale      text NOT NULL DEFAULT 'en',
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Only the SHA-256 of a token is kept: reading this table opens no session.
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    agent_id   text REFERENCES agents ON DELETE CASCADE,
    user_id    text REFERENCES users ON DELETE CASCADE,
    user_agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT sessions_one_owner CHECK (num_nonnulls(agent_id, user_id) = 1)
);
-- Disabling an agent ends all of the agent's sessions.
CREATE INDEX sessions_agent ON sessions (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX sessions_user ON sessions (user_id) WHERE user_id IS NOT NULL;
-- Clean-up finds what has expired.
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Single-use stream tickets, each for one connection within 30 seconds.
CREATE TABLE stream_tickets (
    token_hash   bytea PRIMARY KEY,
    agent_id     text REFERENCES agents ON DELETE CASCADE,
    user_id      text REFERENCES users ON DELETE CASCADE,
    session_hash bytea,
    session_ends timestamptz,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT stream_tickets_one_owner CHECK (num_nonnulls(agent_id, user_id) = 1)
);
