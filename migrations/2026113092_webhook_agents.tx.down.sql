CREATE OR REPLACE FUNCTION webhook_people(of_user text, of_agent text) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT jsonb_build_object(
        'user', (SELECT jsonb_build_object('id', id, 'name', name, 'email', email, 'is_verified', is_verified) FROM users WHERE id = of_user),
        'agent', (SELECT jsonb_build_object('id', id, 'name', name, 'avatar', avatar, 'rating_sum', rating_sum, 'rating_count', rating_count)
            FROM agents WHERE id = of_agent))
$$;
CREATE OR REPLACE FUNCTION record_webhook_event(of_type text, of_chat text, of_message bigint, at_sequence bigint, with_body jsonb)
    RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH told AS (SELECT id FROM webhooks WHERE state <> 'off' AND removed_at IS NULL AND of_type = ANY(events)),
        event AS (INSERT INTO webhook_events (type, chat_id, message_id, sequence, body)
            SELECT of_type, of_chat, of_message, at_sequence, with_body WHERE EXISTS (SELECT FROM told) RETURNING id)
    INSERT INTO webhook_deliveries (webhook_id, event_id) SELECT told.id, event.id FROM told, event ORDER BY told.id
$$;
ALTER TABLE webhooks DROP COLUMN agent_id;
