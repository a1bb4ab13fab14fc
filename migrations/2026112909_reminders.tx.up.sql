-- When the chat's agent first had it on a screen after the latest assignment. An earlier time, or none, means that the agent has not seen
-- it yet and is reminded of it. The agents of chats that are active now have seen them.
ALTER TABLE chats ADD COLUMN opened_at timestamptz;
UPDATE chats SET opened_at = now() WHERE status = 'active';

-- How an agent is reminded of chats that were not opened. Quiet hours begin at quiet_from and end at quiet_until, in minutes after midnight
-- in time_zone, on the next day if that is not later. Bit n of quiet_days is for those that begin on day n, Monday being 0.
ALTER TABLE agents
    ADD COLUMN reminds     boolean  NOT NULL DEFAULT true,
    ADD COLUMN quiet_from  smallint,
    ADD COLUMN quiet_until smallint,
    ADD COLUMN quiet_days  smallint NOT NULL DEFAULT 127,
    ADD COLUMN time_zone   text     NOT NULL DEFAULT '',
    -- Quiet hours have a beginning and an end that differ, both within a day, a day on which they begin, and a time zone.
    ADD CONSTRAINT agents_quiet_hours CHECK (quiet_from IS NULL AND quiet_until IS NULL
        OR quiet_from IS NOT NULL AND quiet_until IS NOT NULL AND quiet_from BETWEEN 0 AND 1439 AND quiet_until BETWEEN 0 AND 1439
            AND quiet_from <> quiet_until AND quiet_days BETWEEN 1 AND 127 AND time_zone <> '');
