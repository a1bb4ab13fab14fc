-- Prepared answers. A row belongs to one agent, to one department, or, with neither, to everyone. The variants of a reply in several
-- languages share the shortcut.
CREATE TABLE canned_replies (
    id         text PRIMARY KEY,
    agent_id   text CONSTRAINT canned_replies_agent_id_fkey REFERENCES agents ON DELETE CASCADE,
    department text CONSTRAINT canned_replies_department_fkey REFERENCES departments ON UPDATE CASCADE ON DELETE CASCADE,
    shortcut   text NOT NULL CONSTRAINT canned_replies_shortcut_length CHECK (char_length(shortcut) BETWEEN 1 AND 40),
    title      text NOT NULL CONSTRAINT canned_replies_title_length CHECK (char_length(title) BETWEEN 1 AND 80),
    body       text NOT NULL CONSTRAINT canned_replies_body_length CHECK (char_length(body) BETWEEN 1 AND 4000),
    language   text NOT NULL DEFAULT '' CONSTRAINT canned_replies_language_known CHECK (language IN ('', 'en', 'zh-CN')),
    use_count  bigint NOT NULL DEFAULT 0 CONSTRAINT canned_replies_use_count_not_negative CHECK (use_count >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT canned_replies_one_scope CHECK (num_nonnulls(agent_id, department) <= 1)
);
-- A shortcut means one reply in each scope and language. It also finds an agent's own replies.
CREATE UNIQUE INDEX canned_replies_shortcut_unique ON canned_replies (coalesce(agent_id, ''), coalesce(department, ''), shortcut, language);
-- Removing an agent or a department finds its replies.
CREATE INDEX canned_replies_agent ON canned_replies (agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX canned_replies_department ON canned_replies (department) WHERE department IS NOT NULL;
