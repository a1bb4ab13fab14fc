-- "+1": an agent at capacity takes one more chat, once. extra_until is set while the agent may still get it, has_extra while the agent
-- holds it.
ALTER TABLE agents
    ADD COLUMN extra_until timestamptz,
    ADD COLUMN has_extra   boolean NOT NULL DEFAULT false;

-- It ends when the agent is no longer online, also when the previous release changes the choice.
CREATE FUNCTION close_extra_chat() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.extra_until := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER agents_extra_chat_closed BEFORE UPDATE OF choice ON agents
    FOR EACH ROW WHEN (NEW.choice <> 'online' AND NEW.extra_until IS NOT NULL) EXECUTE FUNCTION close_extra_chat();
