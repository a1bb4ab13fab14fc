-- E-mail that is to be sent, was sent, or could not be sent: the outbox. A row is written together with what it is about, and a periodic
-- task sends it. It has no content: a mail is made of the chat as it is when it is sent.
CREATE TABLE outgoing_mails (
    id           uuid CONSTRAINT outgoing_mails_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    chat_id      text NOT NULL CONSTRAINT outgoing_mails_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    kind         text NOT NULL CONSTRAINT outgoing_mails_kind CHECK (kind IN ('received', 'answer', 'transcript')),
    recipient    text NOT NULL CONSTRAINT outgoing_mails_recipient_length CHECK (char_length(recipient) BETWEEN 3 AND 254),
    locale       text, -- the language of the mail; NULL for that of the chat's contact
    time_zone    text, -- of the times in a transcript; NULL for UTC
    requested_by text, -- who asked for a transcript: the id of an agent, NULL for the user
    -- pending until the first attempt, which fixes its messages; then sending until one of the others.
    state        text NOT NULL DEFAULT 'pending'
        CONSTRAINT outgoing_mails_state CHECK (state IN ('pending', 'sending', 'sent', 'skipped', 'failed')),
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at       timestamptz NOT NULL DEFAULT clock_timestamp(), -- the next attempt; during one, when another worker may take over
    give_up_at   timestamptz NOT NULL DEFAULT clock_timestamp() + interval '3 days', -- no attempt is made later
    first_seq    integer, -- the messages of the chat that it is about, from the first attempt on
    last_seq     integer,
    message_id   text, -- the Message-ID without brackets, the same in every attempt
    attempts     integer NOT NULL DEFAULT 0,
    attempted_at timestamptz,
    error        text, -- why the latest attempt failed: a code
    reply        text, -- what the mail server said
    finished_at  timestamptz,
    CONSTRAINT outgoing_mails_finished CHECK ((finished_at IS NULL) = (state IN ('pending', 'sending')))
);
-- Answers join the mail of their chat that is not being sent yet.
CREATE UNIQUE INDEX outgoing_mails_pending_answer ON outgoing_mails (chat_id) WHERE kind = 'answer' AND state = 'pending';
-- The task finds what is due.
CREATE INDEX outgoing_mails_due ON outgoing_mails (due_at) WHERE state IN ('pending', 'sending');
-- The mails of a chat, which a thread refers to and which are deleted with it.
CREATE INDEX outgoing_mails_chat ON outgoing_mails (chat_id, created_at);
-- Administrators list what failed,
CREATE INDEX outgoing_mails_failed ON outgoing_mails (finished_at) WHERE state = 'failed';
-- and whether mail works is judged by the latest attempts.
CREATE INDEX outgoing_mails_attempted ON outgoing_mails (attempted_at) WHERE attempted_at IS NOT NULL;
-- What users can have sent to any address is limited for each recipient.
CREATE INDEX outgoing_mails_recipient ON outgoing_mails (lower(recipient), created_at) WHERE kind <> 'answer';

-- The links in mails that continue a chat in a browser. A link carries the id, its end and a signature by the key; without the row, or once it
-- is revoked, it opens nothing.
CREATE TABLE continue_links (
    id         uuid CONSTRAINT continue_links_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    chat_id    text NOT NULL CONSTRAINT continue_links_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    key        bytea NOT NULL CONSTRAINT continue_links_key_length CHECK (octet_length(key) = 32),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at timestamptz
);
-- A chat has one key in use.
CREATE UNIQUE INDEX continue_links_unique ON continue_links (chat_id) WHERE revoked_at IS NULL;
-- Removing a chat finds all of its keys.
CREATE INDEX continue_links_chat ON continue_links (chat_id);
