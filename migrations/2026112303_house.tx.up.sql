-- What the house itself keeps: settings, sites, signs of life, and the day's figures.

CREATE TABLE settings (
    key        text PRIMARY KEY,
    value      text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE sites (
    origin     text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- One row. alive_at moves while any instance runs; after an outage of all of them resumed_at says from when
-- signs of life count again.
CREATE TABLE pulse (
    one        boolean PRIMARY KEY DEFAULT true CONSTRAINT pulse_one_row CHECK (one),
    alive_at   timestamptz NOT NULL DEFAULT now(),
    resumed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO pulse DEFAULT VALUES;

-- A minute's highest queue, longest wait and load, for the day's chart.
CREATE TABLE minute_samples (
    minute               timestamptz PRIMARY KEY,
    waiting              integer NOT NULL,
    longest_wait_seconds integer NOT NULL,
    agents_online        integer NOT NULL,
    load                 integer NOT NULL,
    slots                integer NOT NULL
);
