-- Files that were sent. What they hold lies in a store outside the database, under random names.

-- Every name in the store, from before the first byte is written until after the last is deleted: no file can be
-- forgotten there. due_at is when it is to be deleted; null while a message has it.
CREATE TABLE stored_files (
    name       text PRIMARY KEY CONSTRAINT stored_files_name_form CHECK (name ~ '^[a-z0-9]{26}$'),
    due_at     timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- The sweep finds what is due.
CREATE INDEX stored_files_due ON stored_files (due_at) WHERE due_at IS NOT NULL;

-- What a message of type image or file carries. public_id stands in addresses, so the names in the store are told to nobody.
CREATE TABLE attachments (
    chat_id       text NOT NULL,
    message_id    bigint NOT NULL,
    public_id     text NOT NULL CONSTRAINT attachments_public_id_unique UNIQUE CONSTRAINT attachments_public_id_form CHECK (public_id ~ '^[a-z0-9]{26}$'),
    file          text NOT NULL CONSTRAINT attachments_file_unique UNIQUE REFERENCES stored_files,
    thumbnail     text CONSTRAINT attachments_thumbnail_unique UNIQUE REFERENCES stored_files,
    name          text NOT NULL CONSTRAINT attachments_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    content_type  text NOT NULL CONSTRAINT attachments_content_type_known CHECK (content_type IN ('image/jpeg', 'image/png', 'image/gif', 'image/webp',
                      'application/pdf', 'application/msword', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'text/plain')),
    size          bigint NOT NULL CONSTRAINT attachments_size_range CHECK (size BETWEEN 1 AND 104857600),
    width         integer CONSTRAINT attachments_width_range CHECK (width BETWEEN 1 AND 65535),
    height        integer CONSTRAINT attachments_height_range CHECK (height BETWEEN 1 AND 65535),
    thumbnail_content_type text CONSTRAINT attachments_thumbnail_content_type_known CHECK (thumbnail_content_type IN ('image/jpeg', 'image/png')),
    upload_sha256 text NOT NULL CONSTRAINT attachments_upload_sha256_form CHECK (upload_sha256 ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (chat_id, message_id),
    FOREIGN KEY (chat_id, message_id) REFERENCES messages (chat_id, id) ON DELETE CASCADE,
    CONSTRAINT attachments_image_complete CHECK (num_nonnulls(width, height, thumbnail, thumbnail_content_type) = CASE WHEN content_type LIKE 'image/%' THEN 4 ELSE 0 END)
);

-- Whatever deletes the message, be it retention, erasure or a hand in the database, makes its files due.
CREATE FUNCTION attachments_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stored_files SET due_at = now() WHERE name IN (SELECT file FROM gone UNION ALL SELECT thumbnail FROM gone);
    RETURN NULL;
END $$;
CREATE TRIGGER attachments_gone AFTER DELETE ON attachments REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION attachments_gone();

-- A message of type image or file has an attachment, and no other has one, once the transaction ends.
CREATE FUNCTION messages_attachment_fits_type() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM attachments a WHERE a.chat_id = NEW.chat_id AND a.message_id = NEW.id
            AND (a.content_type LIKE 'image/%') = (NEW.message_type = 'image')) THEN
        RAISE check_violation USING MESSAGE = 'a message of type image or file needs its attachment', CONSTRAINT = 'messages_attachment_fits_type';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER messages_attachment_fits_type AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.message_type IN ('image', 'file')) EXECUTE FUNCTION messages_attachment_fits_type();

-- One row: the key that signs the addresses of files, shared by all instances. Delete it and start them again to make
-- every address that was given out worthless.
CREATE TABLE file_key (
    one boolean PRIMARY KEY DEFAULT true CONSTRAINT file_key_one_row CHECK (one),
    key bytea NOT NULL CONSTRAINT file_key_length CHECK (octet_length(key) = 32)
);
