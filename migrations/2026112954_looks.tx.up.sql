-- How administrators made the widget look: of a site, or of all sites without a value of their own.

CREATE TABLE looks (
    -- The origin of the site, '' for all. It has no foreign key, because ALLOWED_ORIGINS names sites too. Every other empty value
    -- means that of all sites, and there Parley's own.
    site           text CONSTRAINT looks_pkey PRIMARY KEY CONSTRAINT looks_site_length CHECK (char_length(site) <= 300),
    -- In lower case. Whether text is readable on it is checked before it is stored.
    colour         text NOT NULL CONSTRAINT looks_colour_form CHECK (colour ~ '^(#[0-9a-f]{6})?$'),
    company        text NOT NULL CONSTRAINT looks_company_length CHECK (char_length(company) <= 40),
    label_en       text NOT NULL CONSTRAINT looks_label_en_length CHECK (char_length(label_en) <= 24),
    label_zh_cn    text NOT NULL CONSTRAINT looks_label_zh_cn_length CHECK (char_length(label_zh_cn) <= 24),
    -- The side of the page on which the button is.
    position       text NOT NULL CONSTRAINT looks_position_known CHECK (position IN ('', 'right', 'left')),
    greeting_en    text NOT NULL CONSTRAINT looks_greeting_en_length CHECK (char_length(greeting_en) <= 300),
    greeting_zh_cn text NOT NULL CONSTRAINT looks_greeting_zh_cn_length CHECK (char_length(greeting_zh_cn) <= 300),
    away_en        text NOT NULL CONSTRAINT looks_away_en_length CHECK (char_length(away_en) <= 300),
    away_zh_cn     text NOT NULL CONSTRAINT looks_away_zh_cn_length CHECK (char_length(away_zh_cn) <= 300),
    privacy_url    text NOT NULL CONSTRAINT looks_privacy_url_length CHECK (char_length(privacy_url) <= 2000),
    -- A small picture, encoded by Parley. Its hash is its address, so that browsers keep it until it changes.
    avatar         bytea CONSTRAINT looks_avatar_size CHECK (octet_length(avatar) <= 131072),
    avatar_type    text CONSTRAINT looks_avatar_type_known CHECK (avatar_type IN ('image/jpeg', 'image/png')),
    avatar_hash    text,
    -- A picture without its type or address could not be shown.
    CONSTRAINT looks_avatar_whole CHECK ((avatar IS NULL) = (avatar_type IS NULL) AND (avatar IS NULL) = (avatar_hash IS NULL))
);
-- A picture is asked for by its address. Two sites may have the same one.
CREATE INDEX looks_avatar_hash_idx ON looks (avatar_hash) WHERE avatar_hash IS NOT NULL;

-- The departments that users are offered to choose from, in their order.
CREATE TABLE look_topics (
    site       text NOT NULL CONSTRAINT look_topics_site_fkey REFERENCES looks ON DELETE CASCADE,
    department text NOT NULL CONSTRAINT look_topics_department_fkey REFERENCES departments ON UPDATE CASCADE ON DELETE CASCADE,
    position   integer NOT NULL,
    -- A department is offered once.
    CONSTRAINT look_topics_pkey PRIMARY KEY (site, department)
);
-- It finds the topics that go with a department.
CREATE INDEX look_topics_department_idx ON look_topics (department);

-- Processes hold the looks with the settings: see 2026112802. A topic has the name of its department.
CREATE TRIGGER looks_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON looks
    FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();
CREATE TRIGGER look_topics_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON look_topics
    FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();
CREATE TRIGGER departments_counted AFTER UPDATE OF name ON departments
    FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();
