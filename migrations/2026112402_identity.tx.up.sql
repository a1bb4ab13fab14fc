-- Who is who: sessions that their owner can see and end, and the second factor of agents.

-- id names a session to its owner and opens nothing. seen_at is exact to some minutes only, so that a request seldom writes.
-- address is kept for agents alone.
ALTER TABLE sessions
    ADD COLUMN id      uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN address text NOT NULL DEFAULT '',
    ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT sessions_address_of_agents CHECK (address = '' OR agent_id IS NOT NULL);

-- The secret must be read to check a code, so it cannot be hashed. It counts once confirmed_at is set. last_step is the 30 s
-- whose code was used last: none up to it is good again.
CREATE TABLE second_factors (
    agent_id     text PRIMARY KEY REFERENCES agents ON DELETE CASCADE,
    secret       text NOT NULL CONSTRAINT second_factors_secret_form CHECK (secret ~ '^[A-Z2-7]{32}$'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    last_step    bigint NOT NULL DEFAULT 0,
    wrong_codes  integer NOT NULL DEFAULT 0 CONSTRAINT second_factors_wrong_codes_not_negative CHECK (wrong_codes >= 0),
    wrong_since  timestamptz
);

-- Each is deleted by its use. Only the SHA-256 of its 80 random bits is kept.
CREATE TABLE recovery_codes (
    agent_id  text NOT NULL REFERENCES second_factors ON DELETE CASCADE,
    code_hash bytea NOT NULL CONSTRAINT recovery_codes_hash_length CHECK (octet_length(code_hash) = 32),
    PRIMARY KEY (agent_id, code_hash)
);

-- Whose password was right on the sign-in page and whose code is still asked for.
CREATE TABLE sign_in_steps (
    token_hash bytea PRIMARY KEY,
    agent_id   text NOT NULL REFERENCES agents ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
-- Ending an agent's sessions ends what was begun, too.
CREATE INDEX sign_in_steps_agent ON sign_in_steps (agent_id);
