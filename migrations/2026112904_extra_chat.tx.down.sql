DROP TRIGGER agents_extra_chat_closed ON agents;
DROP FUNCTION close_extra_chat();
ALTER TABLE agents
    DROP COLUMN extra_until,
    DROP COLUMN has_extra;
