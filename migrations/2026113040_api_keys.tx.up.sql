-- Keys with which other systems of the company call the JSON interface. The key itself is shown once and never stored.
CREATE TABLE api_keys (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL CONSTRAINT api_keys_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    key_hash     bytea NOT NULL CONSTRAINT api_keys_key_hash_length CHECK (octet_length(key_hash) = 32),
    -- The beginning of the key, by which a person recognizes it.
    key_start    text NOT NULL CONSTRAINT api_keys_key_start_length CHECK (char_length(key_start) BETWEEN 1 AND 20),
    scopes       text[] NOT NULL CONSTRAINT api_keys_scopes_count CHECK (cardinality(scopes) BETWEEN 1 AND 20),
    -- The agent whose chats the key works in, under the name of that agent.
    agent_id     text CONSTRAINT api_keys_agent_id_fkey REFERENCES agents ON DELETE CASCADE,
    -- The networks from which it is accepted, in CIDR notation; none for any.
    networks     text[] NOT NULL DEFAULT '{}' CONSTRAINT api_keys_networks_count CHECK (cardinality(networks) <= 20),
    expires_at   timestamptz,
    created_by   text CONSTRAINT api_keys_created_by_fkey REFERENCES agents ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
-- A request finds its key by the hash.
CREATE UNIQUE INDEX api_keys_key_hash_unique ON api_keys (key_hash);
-- Removing an agent finds its keys.
CREATE INDEX api_keys_agent_id ON api_keys (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX api_keys_created_by ON api_keys (created_by) WHERE created_by IS NOT NULL;
