-- Who did what, and what finding, keeping and deleting people's data needs.

-- The log names end users by their ids only: it cannot be edited, so it must not keep what an erasure takes away. Everything else is told as it
-- was then, without references: it outlives whatever it tells of.
CREATE TABLE audit_log (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_id     text NOT NULL,
    actor_name   text NOT NULL,
    actor_role   text NOT NULL,
    action       text NOT NULL CONSTRAINT audit_log_action_form CHECK (action ~ '^[a-z]+(_[a-z]+)*$'),
    subject_kind text NOT NULL CONSTRAINT audit_log_subject_kind_form CHECK (subject_kind ~ '^[a-z]+(_[a-z]+)*$'),
    subject_id   text NOT NULL,
    subject_name text NOT NULL,
    user_id      text,
    details      jsonb NOT NULL DEFAULT '{}' CONSTRAINT audit_log_details_object CHECK (jsonb_typeof(details) = 'object'),
    address      inet,
    request_id   text
);

-- The page, newest first, from a time to a time; the deletion of what is too old.
CREATE INDEX audit_log_at ON audit_log (at DESC, id DESC);
-- The filter by person.
CREATE INDEX audit_log_actor ON audit_log (actor_id, at DESC, id DESC);
-- The filter by action; which users were erased a moment ago.
CREATE INDEX audit_log_action ON audit_log (action, at DESC, id DESC);
-- The filter by subject, by its id; whether a user was erased, and when somebody last opened a chat.
CREATE INDEX audit_log_subject ON audit_log (subject_id, at DESC, id DESC);
-- The filter by subject, by its name as people read it.
CREATE INDEX audit_log_subject_name ON audit_log (lower(subject_name), at DESC, id DESC);

-- The filter by subject, for chats by whose they were.
CREATE INDEX audit_log_user ON audit_log (user_id, at DESC, id DESC) WHERE user_id IS NOT NULL;

-- Rows are never changed. They are deleted by audit_log_forget alone, and those of the last 90 days not even by that.
CREATE FUNCTION audit_log_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < clock_timestamp() - interval '2160 hours'
        AND OLD.at < nullif(current_setting('parley.audit_forget_before', true), '')::timestamptz THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_log is never edited' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_log_rows_are_kept BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_is_kept();
CREATE TRIGGER audit_log_is_not_emptied BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_kept();

-- Deletes, oldest first, at most so many rows from before a time, and returns how many.
CREATE FUNCTION audit_log_forget(before timestamptz, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    deleted integer;
BEGIN
    PERFORM set_config('parley.audit_forget_before', before::text, true);
    DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log l WHERE l.at < before ORDER BY l.at, l.id LIMIT most);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    PERFORM set_config('parley.audit_forget_before', '', true);
    RETURN deleted;
END $$;

-- Administrators find a user by the beginning of the e-mail address or of the name.
CREATE INDEX users_email_search ON users (lower(email) text_pattern_ops) WHERE email IS NOT NULL;
CREATE INDEX users_name_search ON users (lower(name) text_pattern_ops) WHERE name IS NOT NULL;
-- Clean-up goes through the users by age.
CREATE INDEX users_created_at ON users (created_at, id);
-- Clean-up finds what has expired; deleting a user or signing out an agent finds the tickets.
CREATE INDEX stream_tickets_expires_at ON stream_tickets (expires_at);
CREATE INDEX stream_tickets_user ON stream_tickets (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX stream_tickets_agent ON stream_tickets (agent_id) WHERE agent_id IS NOT NULL;
