-- The figures of every minute, of each department and of all chats together (department ''), for replays and forecasts. They outlive the
-- chats that they were counted from.
CREATE TABLE minute_buckets (
    department           text NOT NULL DEFAULT '',
    -- The charts that look back count by whole minutes.
    minute               timestamptz NOT NULL CONSTRAINT minute_buckets_whole CHECK (mod(extract(epoch FROM minute), 60) = 0),
    waiting              integer NOT NULL DEFAULT 0,
    longest_wait_seconds integer NOT NULL DEFAULT 0,
    arrivals             integer NOT NULL DEFAULT 0,
    assignments          integer NOT NULL DEFAULT 0,
    ends                 integer NOT NULL DEFAULT 0,
    abandonments         integer NOT NULL DEFAULT 0,
    load                 integer NOT NULL DEFAULT 0,
    agents_online        integer, -- NULL where neither a sample nor the history of presence tells, as of slots
    slots                integer,
    is_counted           boolean NOT NULL DEFAULT false, -- the minute is over and was counted from the chats
    -- The minutes of one department in order, as every chart reads them.
    CONSTRAINT minute_buckets_pkey PRIMARY KEY (department, minute)
);
-- The deletion of what is too old.
CREATE INDEX minute_buckets_minute ON minute_buckets (minute);

-- The previous release goes on writing minute_samples, which a later release drops.
INSERT INTO minute_buckets (minute, waiting, longest_wait_seconds, agents_online, load, slots)
    SELECT date_trunc('minute', minute), max(waiting), max(longest_wait_seconds), max(agents_online), max(load), max(slots)
    FROM minute_samples GROUP BY 1;
