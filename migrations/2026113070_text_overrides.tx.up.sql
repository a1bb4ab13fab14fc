-- Texts for users as a company has written them, in place of those of the catalogue: per site, language and key.
CREATE TABLE text_overrides (
    site   text NOT NULL CONSTRAINT text_overrides_site_length CHECK (char_length(site) <= 300), -- an origin, '' for all sites
    locale text NOT NULL CONSTRAINT text_overrides_locale_length CHECK (char_length(locale) BETWEEN 2 AND 20),
    key    text NOT NULL CONSTRAINT text_overrides_key_length CHECK (char_length(key) BETWEEN 1 AND 200),
    text   text NOT NULL CONSTRAINT text_overrides_text_length CHECK (char_length(text) BETWEEN 1 AND 500),
    -- One text for each; also finds the one to change.
    PRIMARY KEY (site, locale, key)
);

-- Processes hold the texts with the settings: see 2026112802.
CREATE TRIGGER text_overrides_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON text_overrides
    FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();
