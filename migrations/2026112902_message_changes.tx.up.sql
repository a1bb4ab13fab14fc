-- Messages that their senders edited or withdrew. messages has what both sides may read; what it was before is here, for supervisors and
-- exports alone. So whatever reads messages, an earlier release included, never shows a text or a file that was withdrawn.
ALTER TABLE messages
    ADD COLUMN edited_at timestamptz,
    ADD COLUMN withdrawn_at timestamptz,
    -- The chat's version that changed the message last: a stream that is behind it has not sent the change.
    ADD COLUMN changed_version bigint;

-- One row for each time that a message was changed: what it was until then. version is the chat's version that replaced it.
CREATE TABLE message_versions (
    chat_id     text NOT NULL,
    message_id  bigint NOT NULL,
    version     bigint NOT NULL,
    content     text NOT NULL,
    written_at  timestamptz NOT NULL,
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, message_id, version),
    FOREIGN KEY (chat_id, message_id) REFERENCES messages (chat_id, id) ON DELETE CASCADE
);

-- The files of withdrawn messages. Their public ids are new, so that no address of before opens them.
CREATE TABLE withdrawn_attachments (
    LIKE attachments INCLUDING CONSTRAINTS,
    PRIMARY KEY (chat_id, message_id),
    CONSTRAINT withdrawn_attachments_public_id_unique UNIQUE (public_id),
    FOREIGN KEY (chat_id, message_id) REFERENCES messages (chat_id, id) ON DELETE CASCADE,
    FOREIGN KEY (file) REFERENCES stored_files,
    FOREIGN KEY (thumbnail) REFERENCES stored_files
);
-- Whatever deletes the message makes its files due, as it does with attachments.
CREATE TRIGGER withdrawn_attachments_gone AFTER DELETE ON withdrawn_attachments REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION attachments_gone();
