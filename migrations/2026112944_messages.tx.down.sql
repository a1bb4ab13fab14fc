-- Messages become chats: those that agents have count as load, and those that wait have their user's time to come back.
UPDATE agents SET load = load + message_load WHERE message_load > 0;
UPDATE chats SET user_seen_at = clock_timestamp() WHERE status = 'waiting' AND channel = 'message';
DROP TRIGGER chats_count_messages_apart ON chats;
DROP TRIGGER chats_keep_message_apart ON chats;
DROP FUNCTION count_messages_apart();
DROP FUNCTION keep_message_apart();
ALTER TABLE agents
    DROP COLUMN message_load,
    DROP COLUMN max_messages;
ALTER TABLE chats
    DROP COLUMN channel,
    DROP COLUMN contact_email,
    DROP COLUMN contact_name,
    DROP COLUMN contact_locale,
    DROP COLUMN consented_at,
    DROP COLUMN consent_text,
    DROP COLUMN user_here_at;
DROP TYPE chat_channel;
