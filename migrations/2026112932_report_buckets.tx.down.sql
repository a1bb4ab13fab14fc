DROP TRIGGER chats_report_keep ON chats;
DROP TRIGGER chats_report_due ON chats;
DROP TRIGGER chats_assigned ON chats;
DROP TRIGGER chats_assigned_at_once ON chats;
DROP FUNCTION report_keep(), report_is_due(), count_assignment();
DROP TABLE report_agent_time, report_gone, report_due, report_buckets;
DROP VIEW report_facts;
ALTER TABLE chats DROP COLUMN assignments;
