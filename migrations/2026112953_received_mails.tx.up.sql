-- How a message reached the chat, NULL for the widget and the API. It is set after a mail is stored, so no other message writes it.
ALTER TABLE messages ADD COLUMN via text;

-- E-mail that came to a reply address, a row for each mail and address, so that a mail which is delivered again is known. The messages of the
-- chat have what the sender wrote; the whole text, with what the mail quotes and the signature, is here.
CREATE TABLE received_mails (
    id               bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT received_mails_pkey PRIMARY KEY,
    chat_id          text NOT NULL CONSTRAINT received_mails_chat_id_fkey REFERENCES chats ON DELETE CASCADE, -- into which it came
    token            text NOT NULL, -- of the reply address, which may be of an earlier chat of the user
    key              bytea NOT NULL CONSTRAINT received_mails_key_length CHECK (octet_length(key) = 32), -- hash that tells mails apart
    kind             text NOT NULL CONSTRAINT received_mails_kind_known CHECK (kind IN ('reply', 'automatic', 'bounce')),
    first_message_id bigint, -- the messages that were made of it: none of automatic mail to an ended chat
    last_message_id  bigint,
    from_email       text NOT NULL CONSTRAINT received_mails_from_email_length CHECK (char_length(from_email) <= 320), -- as the mail claims
    from_name        text NOT NULL CONSTRAINT received_mails_from_name_length CHECK (char_length(from_name) <= 200),
    subject          text NOT NULL CONSTRAINT received_mails_subject_length CHECK (char_length(subject) <= 1000),
    content          text NOT NULL CONSTRAINT received_mails_content_length CHECK (char_length(content) <= 500000),
    size             bigint NOT NULL, -- bytes, with attachments
    received_at      timestamptz NOT NULL,
    CONSTRAINT received_mails_messages CHECK ((first_message_id IS NULL) = (last_message_id IS NULL))
);
-- A mail is stored once for each address.
CREATE UNIQUE INDEX received_mails_unique ON received_mails (token, key);
-- The mail of a message; removing a chat finds its mails.
CREATE INDEX received_mails_chat ON received_mails (chat_id, first_message_id);
-- A mail of ours that comes back, and a report about one, name it.
CREATE INDEX outgoing_mails_message_id ON outgoing_mails (message_id) WHERE message_id IS NOT NULL;
-- How many mails came to an address lately.
CREATE INDEX received_mails_token ON received_mails (token, received_at);
