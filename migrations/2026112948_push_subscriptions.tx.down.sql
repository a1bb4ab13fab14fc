DROP TABLE push_keys;
DROP TABLE push_notices;
DROP TABLE push_subscriptions;
