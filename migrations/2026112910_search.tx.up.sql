-- Full text search over ended chats. A row is made after a chat has ended, by a periodic task, so that a message costs nothing more. It is
-- made of what chats, messages and users have, and can be made again at any time.
CREATE TABLE chat_search (
    chat_id  text PRIMARY KEY CONSTRAINT chat_search_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    user_id  text NOT NULL,
    ended_at timestamptz NOT NULL,
    agents   text[] NOT NULL, -- who had the chat
    readers  text[] NOT NULL, -- who had any chat of the user
    words    tsvector NOT NULL -- the words of the chat and, marked by a colon, what the filters select by
);
-- One index finds words, filters and readers together. Without the list of pending entries a search costs the same at any time.
CREATE INDEX chat_search_words ON chat_search USING gin (words) WITH (fastupdate = off);
-- The latest chats are compared with frequent words one by one.
CREATE INDEX chat_search_latest ON chat_search (ended_at DESC, chat_id DESC);
-- The other chats of a user, whose readers become more with another agent; who has had a chat with a user.
CREATE INDEX chat_search_user ON chat_search (user_id);

-- The chats whose row is to be made or made again, the latest ones first. A chat may be here several times. Nothing waits for the task here,
-- as it would for a unique row.
CREATE TABLE chat_search_due (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id text NOT NULL
);
-- The rows of a chat that is deleted.
CREATE INDEX chat_search_due_chat ON chat_search_due (chat_id);

-- What changes an ended chat. The columns that a message writes are not among these, so a message pays for no trigger.
CREATE FUNCTION chat_search_is_due() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO chat_search_due (chat_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER chats_search_due AFTER INSERT OR UPDATE OF status, user_id, department, rating, outcome, tags ON chats
    FOR EACH ROW WHEN (NEW.status = 'ended') EXECUTE FUNCTION chat_search_is_due();

-- A deleted chat leaves nothing. A row that is locked is one that the task is about to remove; waiting for it could be a deadlock.
CREATE FUNCTION chat_search_is_gone() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM chat_search_due WHERE id IN (SELECT id FROM chat_search_due WHERE chat_id = OLD.id FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;
CREATE TRIGGER chats_search_gone AFTER DELETE ON chats FOR EACH ROW EXECUTE FUNCTION chat_search_is_gone();

-- Chats are found by the name and the e-mail address of their user.
CREATE FUNCTION chat_search_is_due_of_user() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO chat_search_due (chat_id) SELECT id FROM chats WHERE user_id = NEW.id AND status = 'ended' ORDER BY ended_at;
    RETURN NULL;
END $$;
CREATE TRIGGER users_search_due AFTER UPDATE OF name, email ON users
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.email IS DISTINCT FROM NEW.email)
    EXECUTE FUNCTION chat_search_is_due_of_user();

-- The chats that have ended before are found as soon as the task has come to them.
INSERT INTO chat_search_due (chat_id) SELECT id FROM chats WHERE status = 'ended' ORDER BY ended_at;
