-- Keys of wallboards: who knows one reads the numbers of the queue, without an account. The key itself is shown once and never stored.
CREATE TABLE wallboard_keys (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL CONSTRAINT wallboard_keys_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    department   text CONSTRAINT wallboard_keys_department_fkey REFERENCES departments ON UPDATE CASCADE ON DELETE CASCADE,
    key_hash     bytea NOT NULL CONSTRAINT wallboard_keys_key_hash_length CHECK (octet_length(key_hash) = 32),
    created_by   text CONSTRAINT wallboard_keys_created_by_fkey REFERENCES agents ON DELETE SET NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
-- A request finds its key by the hash.
CREATE UNIQUE INDEX wallboard_keys_key_hash_unique ON wallboard_keys (key_hash);
-- Removing a department or an agent finds its keys.
CREATE INDEX wallboard_keys_department ON wallboard_keys (department) WHERE department IS NOT NULL;
CREATE INDEX wallboard_keys_created_by ON wallboard_keys (created_by) WHERE created_by IS NOT NULL;
