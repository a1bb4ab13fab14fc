DROP TRIGGER chats_report_keep_message ON chats;
DROP FUNCTION report_keep_message();
DROP TABLE report_messages_gone;
DROP VIEW report_messages;
ALTER TABLE report_buckets DROP COLUMN messages_left, DROP COLUMN messages_answered, DROP COLUMN message_answer_sketch;
