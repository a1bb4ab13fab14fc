-- The forms that added a row, so that a form which is sent twice, as by a double click, adds one. Rows are kept for a day.
CREATE TABLE sent_forms (
    key     bytea CONSTRAINT sent_forms_pkey PRIMARY KEY CONSTRAINT sent_forms_key_length CHECK (octet_length(key) = 32),
    row_id  bigint, -- of what it added; NULL only until its transaction ends
    sent_at timestamptz NOT NULL DEFAULT now()
);
