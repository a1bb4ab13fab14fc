-- What supervisors do in a running chat, and what agents ask of them. All of it is NULL in most chats. The previous release neither reads nor
-- clears these columns: what it leaves on a chat that it ends or moves has no effect, since only active chats are looked at, and the next change
-- by this release corrects it.
ALTER TABLE chats
    ADD COLUMN joined_ids     text[],       -- supervisors who write in the chat beside its agent
    ADD COLUMN watcher_ids    text[],       -- supervisors who read it live, where SHOW_WATCHERS tells its agent so
    ADD COLUMN hand_raised_at timestamptz,  -- its agent asked supervisors for help
    ADD COLUMN hand_line      varchar(300), -- what the agent wrote about it
    ADD COLUMN transfers      smallint NOT NULL DEFAULT 0; -- from agents to agents or queues

-- The reason why an open chat needs a supervisor, as it was noticed by itself. since is the moment that the flag is about, such as when the
-- user's wait began: the same moment raises a flag once, also after it was dismissed. Flags of ended chats are removed.
CREATE TABLE chat_flags (
    chat_id      text NOT NULL CONSTRAINT chat_flags_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    kind         text NOT NULL
                 CONSTRAINT chat_flags_kind_known CHECK (kind IN ('unanswered', 'transfers', 'low_rating', 'words', 'idle_warning')),
    since        timestamptz NOT NULL,
    detail       text NOT NULL DEFAULT '' CONSTRAINT chat_flags_detail_length CHECK (char_length(detail) <= 200),
    raised_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    dismissed_at timestamptz,
    dismissed_by text CONSTRAINT chat_flags_dismissed_by_fkey REFERENCES agents ON DELETE SET NULL,
    CONSTRAINT chat_flags_pkey PRIMARY KEY (chat_id, kind, since)
);
-- Removing an agent finds the flags that the agent dismissed.
CREATE INDEX chat_flags_dismissed_by ON chat_flags (dismissed_by) WHERE dismissed_by IS NOT NULL;

-- Up to which message of a chat words were looked for. No row means that the chat was never looked at.
CREATE TABLE chat_flag_scans (
    chat_id text CONSTRAINT chat_flag_scans_pkey PRIMARY KEY CONSTRAINT chat_flag_scans_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    seq     integer NOT NULL
);

-- The running chats that supervisors read live at the moment, a row for each opening. The audit log has those that are over.
CREATE TABLE chat_watches (
    id       text CONSTRAINT chat_watches_pkey PRIMARY KEY CONSTRAINT chat_watches_id_length CHECK (char_length(id) BETWEEN 16 AND 64),
    chat_id  text NOT NULL CONSTRAINT chat_watches_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    agent_id text NOT NULL CONSTRAINT chat_watches_agent_id_fkey REFERENCES agents ON DELETE CASCADE,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at  timestamptz NOT NULL DEFAULT clock_timestamp() -- when the page was last connected
);
-- Who else reads a chat; removing a chat finds its watches.
CREATE INDEX chat_watches_chat ON chat_watches (chat_id);
-- Removing an agent finds the agent's watches.
CREATE INDEX chat_watches_agent ON chat_watches (agent_id);
