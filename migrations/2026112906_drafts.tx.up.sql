-- Versions of drafts are unique, also after a draft was discarded and begun again, so that a save that builds on an older text is known.
CREATE SEQUENCE drafts_version;

-- What an agent has typed in a chat and not sent, a reply and a note apart. No row means that nothing was typed.
CREATE TABLE drafts (
    chat_id    text NOT NULL CONSTRAINT drafts_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    agent_id   text NOT NULL CONSTRAINT drafts_agent_id_fkey REFERENCES agents ON DELETE CASCADE,
    kind       text NOT NULL CONSTRAINT drafts_kind_known CHECK (kind IN ('reply', 'note')),
    content    text NOT NULL CONSTRAINT drafts_content_length CHECK (char_length(content) BETWEEN 1 AND 4000),
    version    bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (chat_id, agent_id, kind)
);
-- Removing an agent finds the drafts.
CREATE INDEX drafts_agent ON drafts (agent_id);
