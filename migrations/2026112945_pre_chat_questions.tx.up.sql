-- What users are asked before their chat, or while they wait, and what they answered.

-- Questions are retired and never deleted by administrators. A text may be missing in one of the two languages.
CREATE TABLE questions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The origin of the site that asks it, '' for all. It has no foreign key, because ALLOWED_ORIGINS names sites too.
    site        text NOT NULL DEFAULT '' CONSTRAINT questions_site_length CHECK (char_length(site) <= 300),
    -- The department whose chats it is asked for, NULL for all.
    department  text CONSTRAINT questions_department_fkey REFERENCES departments ON UPDATE CASCADE ON DELETE CASCADE,
    kind        text NOT NULL CONSTRAINT questions_kind_known CHECK (kind IN ('text', 'email', 'choice', 'checkbox', 'consent')),
    name_en     text NOT NULL CONSTRAINT questions_name_en_length CHECK (char_length(name_en) <= 300),
    name_zh_cn  text NOT NULL CONSTRAINT questions_name_zh_cn_length CHECK (char_length(name_zh_cn) <= 300),
    help_en     text NOT NULL DEFAULT '' CONSTRAINT questions_help_en_length CHECK (char_length(help_en) <= 300),
    help_zh_cn  text NOT NULL DEFAULT '' CONSTRAINT questions_help_zh_cn_length CHECK (char_length(help_zh_cn) <= 300),
    -- What can be chosen, as [{"key", "name_en", "name_zh_cn"}]; empty for the other kinds.
    choices     jsonb NOT NULL DEFAULT '[]' CONSTRAINT questions_choices_list CHECK (jsonb_typeof(choices) = 'array'),
    is_required boolean NOT NULL,
    asked       text NOT NULL CONSTRAINT questions_asked_known CHECK (asked IN ('before', 'waiting')),
    -- What a consent is about, such as a privacy policy; '' for none.
    link        text NOT NULL DEFAULT '' CONSTRAINT questions_link_length CHECK (char_length(link) <= 2000),
    position    integer NOT NULL,
    retired_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- A question without a text could not be asked.
    CONSTRAINT questions_named CHECK (name_en <> '' OR name_zh_cn <> ''),
    -- Only a choice has choices, and one without any could not be answered.
    CONSTRAINT questions_choices_of_choice CHECK ((kind = 'choice') = (jsonb_array_length(choices) > 0))
);

-- Processes hold the questions with the settings: see 2026112802.
CREATE TRIGGER questions_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON questions
    FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();

-- The answers of a chat, with the texts of the questions at that time, which later changes leave alone. A question may be gone: it is
-- deleted with its department.
CREATE TABLE chat_answers (
    chat_id     text NOT NULL CONSTRAINT chat_answers_chat_id_fkey REFERENCES chats ON DELETE CASCADE,
    question_id bigint NOT NULL,
    position    integer NOT NULL,
    kind        text NOT NULL,
    name_en     text NOT NULL,
    name_zh_cn  text NOT NULL,
    link        text NOT NULL,
    -- The text, the address, the key of the choice, or true or false.
    value       text NOT NULL CONSTRAINT chat_answers_value_length CHECK (char_length(value) BETWEEN 1 AND 1000),
    -- The names of the choice; '' for the other kinds.
    value_en    text NOT NULL,
    value_zh_cn text NOT NULL,
    answered_at timestamptz NOT NULL,
    -- A question is answered once in a chat. It also finds the answers of a chat.
    CONSTRAINT chat_answers_pkey PRIMARY KEY (chat_id, question_id)
);

-- When a question of the chat was answered last, so that chats without answers are known without reading the table.
ALTER TABLE chats ADD COLUMN answered_at timestamptz;
