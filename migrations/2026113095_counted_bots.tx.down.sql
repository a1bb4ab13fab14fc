DROP TRIGGER webhooks_counted ON webhooks;
DROP TRIGGER bots_counted ON bots;
