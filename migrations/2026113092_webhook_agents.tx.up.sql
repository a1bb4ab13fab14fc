-- A webhook for one agent, as of a bot, is told of what happens in the chats of that agent alone, and of the chats that leave it.
ALTER TABLE webhooks ADD COLUMN agent_id text CONSTRAINT webhooks_agent_id_fkey REFERENCES agents ON DELETE CASCADE;
-- Removing an agent finds its webhooks.
CREATE INDEX webhooks_agent_id ON webhooks (agent_id) WHERE agent_id IS NOT NULL;

CREATE OR REPLACE FUNCTION record_webhook_event(of_type text, of_chat text, of_message bigint, at_sequence bigint, with_body jsonb)
    RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH told AS (SELECT id FROM webhooks WHERE state <> 'off' AND removed_at IS NULL AND of_type = ANY(events)
            AND (agent_id IS NULL OR agent_id IN (with_body #>> '{agent,id}', with_body ->> 'previous_agent_id'))),
        event AS (INSERT INTO webhook_events (type, chat_id, message_id, sequence, body)
            SELECT of_type, of_chat, of_message, at_sequence, with_body WHERE EXISTS (SELECT FROM told) RETURNING id)
    INSERT INTO webhook_deliveries (webhook_id, event_id) SELECT told.id, event.id FROM told, event ORDER BY told.id
$$;

-- The people of a chat, as they are now, with the kind of the agent.
CREATE OR REPLACE FUNCTION webhook_people(of_user text, of_agent text) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT jsonb_build_object(
        'user', (SELECT jsonb_build_object('id', id, 'name', name, 'email', email, 'is_verified', is_verified) FROM users WHERE id = of_user),
        'agent', (SELECT jsonb_build_object('id', id, 'name', name, 'avatar', avatar, 'rating_sum', rating_sum, 'rating_count', rating_count, 'kind', kind)
            FROM agents WHERE id = of_agent))
$$;
