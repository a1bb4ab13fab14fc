-- Events are recorded by triggers, in the statement that makes them happen, for the writes of every release. The triggers are disabled here: a program
-- enables those that a webhook needs when it is saved, and disables them when none needs them, so without webhooks no statement pays for them.
-- Enabling waits for the transactions that write the table, so every event of a later one is recorded.

-- Records an event for each webhook that asks for its type.
CREATE FUNCTION record_webhook_event(of_type text, of_chat text, of_message bigint, at_sequence bigint, with_body jsonb)
    RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH told AS (SELECT id FROM webhooks WHERE state <> 'off' AND removed_at IS NULL AND of_type = ANY(events)),
        event AS (INSERT INTO webhook_events (type, chat_id, message_id, sequence, body)
            SELECT of_type, of_chat, of_message, at_sequence, with_body WHERE EXISTS (SELECT FROM told) RETURNING id)
    INSERT INTO webhook_deliveries (webhook_id, event_id) SELECT told.id, event.id FROM told, event ORDER BY told.id
$$;

-- The people of a chat, as they are now.
CREATE FUNCTION webhook_people(of_user text, of_agent text) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT jsonb_build_object(
        'user', (SELECT jsonb_build_object('id', id, 'name', name, 'email', email, 'is_verified', is_verified) FROM users WHERE id = of_user),
        'agent', (SELECT jsonb_build_object('id', id, 'name', name, 'avatar', avatar, 'rating_sum', rating_sum, 'rating_count', rating_count)
            FROM agents WHERE id = of_agent))
$$;

CREATE FUNCTION record_chat_webhooks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    types text[] := '{}';
    was_active boolean := false;
    previous text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was_active := OLD.status = 'active';
        previous := OLD.agent_id;
    ELSE
        types := types || 'chat.created'::text;
    END IF;
    IF NEW.channel = 'message' AND (TG_OP = 'INSERT' OR OLD.channel <> 'message') THEN
        types := types || 'left_message.created'::text;
    END IF;
    IF NEW.status = 'active' AND NOT was_active THEN
        types := types || 'chat.assigned'::text;
    END IF;
    IF was_active AND NEW.status <> 'ended' AND NEW.agent_id IS DISTINCT FROM previous THEN
        types := types || 'chat.transferred'::text;
    END IF;
    IF NEW.warned_at IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.warned_at IS NULL) THEN
        types := types || 'chat.warned'::text;
    END IF;
    IF NEW.status = 'ended' AND (TG_OP = 'INSERT' OR OLD.status <> 'ended') THEN
        types := types || 'chat.ended'::text;
    END IF;
    IF NEW.rated_at IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.rated_at IS NULL) THEN
        types := types || 'chat.rated'::text;
    END IF;
    PERFORM record_webhook_event(type, NEW.id, NULL, NEW.version,
            webhook_people(NEW.user_id, NEW.agent_id) || jsonb_build_object('chat', to_jsonb(NEW), 'previous_agent_id', previous))
        FROM unnest(types) WITH ORDINALITY AS n (type, i) ORDER BY i;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_chats_inserted AFTER INSERT ON chats FOR EACH ROW EXECUTE FUNCTION record_chat_webhooks();
CREATE TRIGGER webhook_chats_updated AFTER UPDATE ON chats FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.agent_id IS DISTINCT FROM NEW.agent_id OR OLD.channel IS DISTINCT FROM NEW.channel
        OR OLD.warned_at IS DISTINCT FROM NEW.warned_at OR OLD.rated_at IS DISTINCT FROM NEW.rated_at)
    EXECUTE FUNCTION record_chat_webhooks();
ALTER TABLE chats DISABLE TRIGGER webhook_chats_inserted, DISABLE TRIGGER webhook_chats_updated;

CREATE FUNCTION record_message_webhooks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM record_webhook_event(TG_ARGV[0], NEW.chat_id, NEW.id, coalesce(NEW.changed_version, NEW.version),
            webhook_people(c.user_id, c.agent_id) || jsonb_build_object('message', to_jsonb(NEW), 'chat', to_jsonb(c)))
        FROM chats c WHERE c.id = NEW.chat_id;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_messages_inserted AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION record_message_webhooks('message.created');
-- Delivering and reading a message does not count as an update.
CREATE TRIGGER webhook_messages_updated AFTER UPDATE OF edited_at, withdrawn_at ON messages FOR EACH ROW
    WHEN (OLD.changed_version IS DISTINCT FROM NEW.changed_version) EXECUTE FUNCTION record_message_webhooks('message.updated');
ALTER TABLE messages DISABLE TRIGGER webhook_messages_inserted, DISABLE TRIGGER webhook_messages_updated;

-- The content of a withdrawn message is neither delivered nor shown in a log any more.
CREATE FUNCTION withdraw_from_webhooks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE webhook_events SET body = jsonb_set(body, '{message}', to_jsonb(NEW)) WHERE chat_id = NEW.chat_id AND message_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER messages_withdraw_from_webhooks AFTER UPDATE OF withdrawn_at ON messages FOR EACH ROW
    WHEN (OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL) EXECUTE FUNCTION withdraw_from_webhooks();

CREATE FUNCTION record_presence_webhooks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM record_webhook_event('agent.presence', NULL, NULL, NEW.id,
        webhook_people(NULL, NEW.agent_id) || jsonb_build_object('presence', to_jsonb(NEW)));
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_presence AFTER INSERT ON presence_changes FOR EACH ROW
    WHEN (NEW.from_presence <> NEW.to_presence) EXECUTE FUNCTION record_presence_webhooks();
ALTER TABLE presence_changes DISABLE TRIGGER webhook_presence;

CREATE FUNCTION record_alert_webhooks() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM record_webhook_event(TG_ARGV[0], NULL, NULL, NEW.id, jsonb_build_object('alert', to_jsonb(NEW)));
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_alerts_raised AFTER INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION record_alert_webhooks('alert.raised');
CREATE TRIGGER webhook_alerts_cleared AFTER UPDATE OF cleared_at ON alerts FOR EACH ROW
    WHEN (OLD.cleared_at IS NULL AND NEW.cleared_at IS NOT NULL) EXECUTE FUNCTION record_alert_webhooks('alert.cleared');
ALTER TABLE alerts DISABLE TRIGGER webhook_alerts_raised, DISABLE TRIGGER webhook_alerts_cleared;
