ALTER TABLE agents
    DROP CONSTRAINT agents_quiet_hours,
    DROP COLUMN reminds,
    DROP COLUMN quiet_from,
    DROP COLUMN quiet_until,
    DROP COLUMN quiet_days,
    DROP COLUMN time_zone;
ALTER TABLE chats DROP COLUMN opened_at;
