-- What agents know about a person beyond name and e-mail address, and the pages that the person visits during a chat.

-- Attributes come from the signed token of the host site: at most 20 flat values.
ALTER TABLE users ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}'
    CONSTRAINT users_attributes_object CHECK (jsonb_typeof(attributes) = 'object')
    CONSTRAINT users_attributes_count CHECK (jsonb_array_length(jsonb_path_query_array(attributes, '$.keyvalue()')) <= 20)
    -- Without lists, objects and null inside. The path is strict because a lax one would look into lists.
    CONSTRAINT users_attributes_flat CHECK (NOT jsonb_path_exists(attributes,
        'strict $.* ? (@.type() == "object" || @.type() == "array" || @.type() == "null")'))
    -- 20 keys of 50 characters with values of 200 characters of 4 bytes, with room for the signs of JSON.
    CONSTRAINT users_attributes_size CHECK (octet_length(attributes::text) <= 40000);

-- Tags that agents give a person. They are free text, unlike the tags of chats.
CREATE TABLE user_tags (
    user_id  text NOT NULL CONSTRAINT user_tags_user_id_fkey REFERENCES users ON DELETE CASCADE,
    tag      text NOT NULL CONSTRAINT user_tags_length CHECK (char_length(tag) BETWEEN 1 AND 40),
    agent_id text CONSTRAINT user_tags_agent_id_fkey REFERENCES agents ON DELETE SET NULL,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- A person has a tag once, in whatever case it is written. It also reads the tags of a person.
CREATE UNIQUE INDEX user_tags_unique ON user_tags (user_id, lower(tag));
-- Completion finds the tags in use by their beginning.
CREATE INDEX user_tags_prefix ON user_tags (lower(tag) text_pattern_ops);
-- Completion without a beginning looks at the last tags that were added.
CREATE INDEX user_tags_added ON user_tags (added_at);
-- Removing an agent finds the tags.
CREATE INDEX user_tags_agent ON user_tags (agent_id);

-- Notes that agents write about a person. version counts the edits, so that an edit that builds on an older text is known.
CREATE TABLE user_notes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    text NOT NULL CONSTRAINT user_notes_user_id_fkey REFERENCES users ON DELETE CASCADE,
    agent_id   text CONSTRAINT user_notes_agent_id_fkey REFERENCES agents ON DELETE SET NULL,
    content    text NOT NULL CONSTRAINT user_notes_content_length CHECK (char_length(content) BETWEEN 1 AND 2000),
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    edited_at  timestamptz,
    edited_by  text CONSTRAINT user_notes_edited_by_fkey REFERENCES agents ON DELETE SET NULL
);
-- The notes about a person.
CREATE INDEX user_notes_user ON user_notes (user_id, id);
-- Removing an agent finds the notes that the agent wrote,
CREATE INDEX user_notes_agent ON user_notes (agent_id);
-- and those that the agent edited.
CREATE INDEX user_notes_editor ON user_notes (edited_by);

-- The pages of the site on which the user was during a chat, without query and fragment. at is when the user came.
CREATE TABLE chat_pages (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id text NOT NULL CONSTRAINT chat_pages_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    url     text NOT NULL CONSTRAINT chat_pages_url_length CHECK (char_length(url) BETWEEN 1 AND 2000),
    title   text CONSTRAINT chat_pages_title_length CHECK (char_length(title) BETWEEN 1 AND 300),
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- The pages of a chat in their order.
CREATE INDEX chat_pages_chat ON chat_pages (chat_id, id);
