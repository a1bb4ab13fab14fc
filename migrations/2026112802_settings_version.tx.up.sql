-- Every process compares this number with that of the settings and sites it holds, and reads them again when it differs: the event of a
-- change may have been lost. Triggers count, so that nothing that changes either table is missed, an earlier release included. That
-- one looks only at unheard.
ALTER TABLE pulse ADD COLUMN settings_version bigint NOT NULL DEFAULT 1;

CREATE FUNCTION count_settings_change() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE pulse SET settings_version = settings_version + 1, unheard = unheard + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER settings_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON settings
    FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();
CREATE TRIGGER sites_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sites
    FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();
