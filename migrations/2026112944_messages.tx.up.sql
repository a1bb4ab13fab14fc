-- Leaving a message: a chat whose user does not wait in the widget. It is a chat like any other, except that it waits without end, never
-- idles out and is counted apart from live chats.
CREATE TYPE chat_channel AS ENUM ('chat', 'message');
ALTER TABLE chats
    ADD COLUMN channel        chat_channel NOT NULL DEFAULT 'chat',
    ADD COLUMN contact_email  text, -- where the answer goes
    ADD COLUMN contact_name   text,
    ADD COLUMN contact_locale text, -- the language in which to write to the user
    ADD COLUMN consented_at   timestamptz,
    ADD COLUMN consent_text   text, -- what the user agreed to; NULL for nothing
    ADD COLUMN user_here_at   timestamptz; -- the last heartbeat of the user of a message
ALTER TABLE agents
    ADD COLUMN message_load integer NOT NULL DEFAULT 0, -- active messages, which load does not count
    ADD COLUMN max_messages integer NOT NULL DEFAULT 10 CONSTRAINT agents_max_messages_range CHECK (max_messages BETWEEN 0 AND 100);

-- The previous release knows no messages: it would count one that it assigns or ends as a live chat, and end it as idle. The statement that changes
-- the chat has locked its agents, so what is counted here cannot change.
CREATE FUNCTION keep_message_apart() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.quiet_since := NULL;
    NEW.warned_at := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER chats_keep_message_apart BEFORE UPDATE OF status, agent_id ON chats
    FOR EACH ROW WHEN (NEW.channel = 'message' AND NEW.status = 'active') EXECUTE FUNCTION keep_message_apart();

CREATE FUNCTION count_messages_apart() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE agents a SET load = n.chats, message_load = n.messages
        FROM (SELECT held.id, count(c.id) FILTER (WHERE c.channel = 'chat') AS chats, count(c.id) FILTER (WHERE c.channel = 'message') AS messages
            FROM agents held LEFT JOIN chats c ON c.agent_id = held.id AND c.status = 'active'
            WHERE held.id IN (OLD.agent_id, NEW.agent_id) GROUP BY held.id) n
        WHERE a.id = n.id AND (a.load <> n.chats OR a.message_load <> n.messages);
    RETURN NULL;
END $$;
CREATE TRIGGER chats_count_messages_apart AFTER UPDATE OF status, agent_id, channel ON chats
    FOR EACH ROW WHEN ((OLD.channel = 'message' OR NEW.channel = 'message') AND (OLD.status = 'active' OR NEW.status = 'active'))
    EXECUTE FUNCTION count_messages_apart();
