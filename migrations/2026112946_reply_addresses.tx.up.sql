-- The addresses at which replies by e-mail come back into a chat. The token is the only proof of who replies, so each chat has its own for
-- each e-mail address that mail of the chat goes to. The user is that of the chat, also after the chat became another user's.
CREATE TABLE reply_addresses (
    -- 130 random bits in an alphabet without upper case, because mail systems may change the case of an address.
    token      text CONSTRAINT reply_addresses_pkey PRIMARY KEY CONSTRAINT reply_addresses_token_form CHECK (token ~ '^[a-z2-7]{26}$'),
    chat_id    text NOT NULL CONSTRAINT reply_addresses_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    email      text NOT NULL CONSTRAINT reply_addresses_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at timestamptz -- mail to it is refused from then on
);
-- A chat has one address in use for each e-mail address, in any case.
CREATE UNIQUE INDEX reply_addresses_unique ON reply_addresses (chat_id, lower(email)) WHERE revoked_at IS NULL;
-- Removing a chat finds all of its addresses.
CREATE INDEX reply_addresses_chat ON reply_addresses (chat_id);
