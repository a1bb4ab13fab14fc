DROP TRIGGER sites_counted ON sites;
DROP TRIGGER settings_counted ON settings;
DROP FUNCTION count_settings_change();
ALTER TABLE pulse DROP COLUMN settings_version;
