-- The outcomes and tags that agents can give a chat. An option is for the chats of one department, or, without one, for every chat. A
-- chat stores the names that it was given, so that it keeps them when an option is renamed or retired.
CREATE TABLE wrap_up_options (
    id         text PRIMARY KEY,
    kind       text NOT NULL CONSTRAINT wrap_up_options_kind_known CHECK (kind IN ('outcome', 'tag')),
    department text CONSTRAINT wrap_up_options_department_fkey REFERENCES departments ON UPDATE CASCADE ON DELETE CASCADE,
    name       text NOT NULL CONSTRAINT wrap_up_options_name_length CHECK (char_length(name) BETWEEN 1 AND 40),
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
);
-- A name means one option in each list.
CREATE UNIQUE INDEX wrap_up_options_name_unique ON wrap_up_options (kind, coalesce(department, ''), lower(name));
-- Removing or renaming a department finds its options.
CREATE INDEX wrap_up_options_department ON wrap_up_options (department) WHERE department IS NOT NULL;
-- Every process holds the options together with the settings.
CREATE TRIGGER wrap_up_options_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON wrap_up_options
    FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();

-- tags is NULL for none. wrapped_up_at is when the agent was done with the chat after its end, or skipped that.
ALTER TABLE chats
    ADD COLUMN outcome text,
    ADD COLUMN tags text[],
    ADD COLUMN wrapped_up_at timestamptz,
    ADD COLUMN wrap_up_skipped boolean NOT NULL DEFAULT false;
