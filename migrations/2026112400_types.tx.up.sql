-- What a column may hold is said by its type. A CHECK of a table is read and compiled anew by every statement that writes a row of it, whatever the
-- row's change: those of chats and messages took most of the time of a message. Types are checked where a value comes in.

CREATE TYPE chat_status AS ENUM ('waiting', 'active', 'ended');
CREATE TYPE chat_ended_reason AS ENUM ('user_ended', 'service_ended', 'timeout', 'cancelled', 'abandoned');
CREATE TYPE chat_ended_type AS ENUM ('manual', 'user_inactive', 'service_inactive', 'auto');
CREATE TYPE chat_side AS ENUM ('user', 'customer_service');
CREATE TYPE message_sender AS ENUM ('user', 'customer_service', 'system');
CREATE TYPE message_type AS ENUM ('text', 'image', 'file', 'system', 'note');
CREATE TYPE message_status AS ENUM ('sent', 'delivered', 'read');
CREATE DOMAIN chat_id AS text CHECK (char_length(VALUE) BETWEEN 1 AND 50);
CREATE DOMAIN chat_priority AS smallint CHECK (VALUE BETWEEN -100 AND 100);
CREATE DOMAIN chat_rating AS numeric(2, 1) CHECK (VALUE BETWEEN 1 AND 5 AND VALUE * 2 = trunc(VALUE * 2));
CREATE DOMAIN client_message_id AS text CHECK (VALUE ~ '^[\x20-\x7e]{1,64}$');

-- The conditions of these name columns whose type changes.
DROP INDEX chats_one_open_per_user, chats_queue_order, chats_active_by_agent, chats_agent_history, chats_ended_at;
ALTER TABLE chats
    DROP CONSTRAINT chats_id_length, DROP CONSTRAINT chats_status_known, DROP CONSTRAINT chats_priority_range, DROP CONSTRAINT chats_ended_reason_known,
    DROP CONSTRAINT chats_ended_type_known, DROP CONSTRAINT chats_last_said_by_known, DROP CONSTRAINT chats_rating_step, DROP CONSTRAINT chats_rating_comment_length,
    DROP CONSTRAINT chats_agent_fits_status, DROP CONSTRAINT chats_end_fits_status, DROP CONSTRAINT chats_rated_when_ended,
    ALTER id TYPE chat_id,
    ALTER status TYPE chat_status USING status::chat_status,
    ALTER priority TYPE chat_priority,
    ALTER ended_reason TYPE chat_ended_reason USING ended_reason::chat_ended_reason,
    ALTER ended_type TYPE chat_ended_type USING ended_type::chat_ended_type,
    ALTER last_said_by TYPE chat_side USING last_said_by::chat_side,
    ALTER rating TYPE chat_rating,
    ALTER rating_comment TYPE varchar(1000);
CREATE UNIQUE INDEX chats_one_open_per_user ON chats (user_id) WHERE status <> 'ended';
CREATE INDEX chats_queue_order ON chats (priority DESC, (returned_at IS NULL), queued_at, queue_id) WHERE status = 'waiting';
CREATE INDEX chats_active_by_agent ON chats (agent_id) WHERE status = 'active';
CREATE INDEX chats_agent_history ON chats (agent_id, ended_at DESC) WHERE status = 'ended';
CREATE INDEX chats_ended_at ON chats (ended_at) WHERE status = 'ended';

-- The rules between columns are looked at when one of those columns is written, which a message does not.
CREATE FUNCTION chats_keep_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text := CASE
        WHEN (NEW.status = 'waiting') IS DISTINCT FROM (NEW.agent_id IS NULL) AND NEW.status <> 'ended' THEN 'chats_agent_fits_status'
        WHEN (NEW.status = 'ended') <> (NEW.ended_at IS NOT NULL AND NEW.ended_reason IS NOT NULL AND NEW.ended_type IS NOT NULL) THEN 'chats_end_fits_status'
        WHEN NEW.rating IS NOT NULL AND (NEW.status <> 'ended' OR NEW.rated_at IS NULL) THEN 'chats_rated_when_ended'
    END;
BEGIN
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'a row of chats breaks %', broken USING ERRCODE = 'check_violation', CONSTRAINT = broken;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chats_keep_rules AFTER INSERT OR UPDATE OF status, agent_id, ended_at, ended_reason, ended_type, rating, rated_at ON chats
    FOR EACH ROW EXECUTE FUNCTION chats_keep_rules();

DROP INDEX messages_client_message_id_unique;
ALTER TABLE messages DROP CONSTRAINT messages_status_fits_times;
ALTER TABLE messages
    DROP CONSTRAINT messages_sender_type_known, DROP CONSTRAINT messages_type_known, DROP CONSTRAINT messages_content_length,
    DROP CONSTRAINT messages_client_message_id_form, DROP CONSTRAINT messages_status_known,
    ALTER sender_type TYPE message_sender USING sender_type::message_sender,
    ALTER message_type TYPE message_type USING message_type::message_type,
    ALTER content TYPE varchar(4000),
    ALTER client_message_id TYPE client_message_id,
    ALTER status DROP DEFAULT,
    ALTER status TYPE message_status USING status::message_status,
    ALTER status SET DEFAULT 'sent',
    ADD CONSTRAINT messages_status_fits_times CHECK (
        delivered_at IS NOT NULL = (status >= 'delivered') AND read_at IS NOT NULL = (status = 'read'));
-- A client's id is used once per chat and sender, for as long as the chat is kept.
CREATE UNIQUE INDEX messages_client_message_id_unique ON messages (chat_id, client_message_id, sender_type, sender_id) WHERE client_message_id IS NOT NULL;

ALTER TABLE message_status_changes
    DROP CONSTRAINT message_status_changes_status_known,
    ALTER status TYPE message_status USING status::message_status,
    ADD CONSTRAINT message_status_changes_status_known CHECK (status <> 'sent');
