DROP TABLE sso_logouts;
DROP TABLE sso_sessions;
DROP TABLE sso_flows;
DROP TABLE sso_accounts;
