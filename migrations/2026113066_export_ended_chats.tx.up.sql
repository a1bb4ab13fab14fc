-- The chats that ended before there was a trigger, as changed in a transaction before all others. In a step of its own, since the step that makes the
-- trigger keeps chats from being written.
INSERT INTO export_changes (chat_id, changed_by, changed_at)
    SELECT id, '0', greatest(ended_at, rated_at, wrapped_up_at) FROM chats WHERE status = 'ended' ON CONFLICT (chat_id) DO NOTHING;
