DROP INDEX stream_tickets_agent;
DROP INDEX stream_tickets_user;
DROP INDEX stream_tickets_expires_at;
DROP INDEX users_created_at;
DROP INDEX users_name_search;
DROP INDEX users_email_search;
DROP FUNCTION audit_log_forget(timestamptz, integer);
DROP TABLE audit_log;
DROP FUNCTION audit_log_is_kept();
