-- Every process holds, together with the settings, whether there are bots and webhooks.
CREATE TRIGGER bots_counted AFTER INSERT OR DELETE OR TRUNCATE ON bots FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();
CREATE TRIGGER webhooks_counted AFTER INSERT OR DELETE OR TRUNCATE ON webhooks FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();
