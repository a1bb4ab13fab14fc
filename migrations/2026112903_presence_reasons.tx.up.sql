-- Why an agent gets no new chats: the last chats of a shift, a break with its reason, or no input; and the history of each agent's presence.

-- Reasons are retired and never deleted, so that the history keeps their names. A name may be missing in one of the two languages.
CREATE TABLE break_reasons (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name_en    text NOT NULL DEFAULT '' CONSTRAINT break_reasons_name_en_length CHECK (char_length(name_en) <= 40),
    name_zh_cn text NOT NULL DEFAULT '' CONSTRAINT break_reasons_name_zh_cn_length CHECK (char_length(name_zh_cn) <= 40),
    minutes    integer NOT NULL CONSTRAINT break_reasons_minutes_range CHECK (minutes BETWEEN 1 AND 480),
    position   integer NOT NULL,
    retired_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT break_reasons_named CHECK (name_en <> '' OR name_zh_cn <> '')
);
INSERT INTO break_reasons (name_en, name_zh_cn, minutes, position) VALUES
    ('Short break', '短休', 10, 1), ('Lunch', '午餐', 45, 2), ('Meeting', '会议', 30, 3), ('Training', '培训', 60, 4);

-- choice stays online, away or offline, as the previous release writes it; choice_detail says more of an away one.
ALTER TABLE agents
    ADD COLUMN choice_detail    text CONSTRAINT agents_choice_detail_known CHECK (choice_detail IN ('last_chats', 'break', 'inactive')),
    ADD COLUMN break_reason_id  bigint REFERENCES break_reasons,
    ADD COLUMN break_ends_at    timestamptz,
    ADD COLUMN break_overdue_at timestamptz, -- set once the end of the break was announced
    ADD COLUMN input_at         timestamptz NOT NULL DEFAULT now();

-- A detail ends with the away that it belongs to, also when the previous release changes the choice.
CREATE FUNCTION clear_choice_detail() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.choice_detail := NULL;
    NEW.break_reason_id := NULL;
    NEW.break_ends_at := NULL;
    NEW.break_overdue_at := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER agents_choice_detail_cleared BEFORE UPDATE OF choice ON agents
    FOR EACH ROW WHEN (NEW.choice <> 'away' AND NEW.choice_detail IS NOT NULL) EXECUTE FUNCTION clear_choice_detail();

-- by_id is the agent who made the change, 'console' for the command line and '' for Parley itself.
CREATE TABLE presence_changes (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent_id        text NOT NULL REFERENCES agents ON DELETE CASCADE,
    from_presence   text NOT NULL CONSTRAINT presence_changes_from_form CHECK (from_presence ~ '^[a-z]+(_[a-z]+)*$'),
    to_presence     text NOT NULL CONSTRAINT presence_changes_to_form CHECK (to_presence ~ '^[a-z]+(_[a-z]+)*$'),
    cause           text NOT NULL CONSTRAINT presence_changes_cause_form CHECK (cause ~ '^[a-z]+(_[a-z]+)*$'),
    reason_id       bigint REFERENCES break_reasons,
    planned_minutes integer,
    by_id           text NOT NULL DEFAULT '',
    at              timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- The history of one agent, newest first.
CREATE INDEX presence_changes_agent ON presence_changes (agent_id, at DESC, id DESC);
-- The deletion of what is too old.
CREATE INDEX presence_changes_at ON presence_changes (at);
