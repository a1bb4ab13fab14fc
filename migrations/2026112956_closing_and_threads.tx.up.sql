-- The closings of the desk that an agent is reminded of, as a JSON array; NULL for none. It is one column of the row that is locked to
-- remind, so that two instances that do so at once remind once.
ALTER TABLE agents ADD COLUMN closing_reminders jsonb;

-- The Message-ID of a mail that a person wrote, without brackets, so that the next answer refers to it and mail programs show both as one
-- conversation. NULL for a mail without one, and for mails that the previous release received.
ALTER TABLE received_mails ADD COLUMN message_id text CONSTRAINT received_mails_message_id_length CHECK (char_length(message_id) <= 250);
