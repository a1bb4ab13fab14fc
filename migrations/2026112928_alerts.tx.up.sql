-- The rules by which supervisors are alerted. threshold counts chats, seconds or percent, depending on the kind. A rule without a
-- department is about all of them. breached_since and met_since are what evaluating the rule remembers: since when the figure is beyond the
-- threshold while no alert is open, and since when it is not while one is.
CREATE TABLE alert_rules (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind           text NOT NULL CONSTRAINT alert_rules_kind_known CHECK (kind IN ('queue_length', 'longest_wait', 'unanswered',
                   'abandoned_count', 'abandoned_share', 'nobody_online', 'miscalibrated')),
    department     text CONSTRAINT alert_rules_department_fkey REFERENCES departments ON UPDATE CASCADE ON DELETE CASCADE,
    threshold      integer NOT NULL CONSTRAINT alert_rules_threshold_bounds CHECK (threshold BETWEEN 0 AND 86400),
    hold_seconds   integer NOT NULL CONSTRAINT alert_rules_hold_bounds CHECK (hold_seconds BETWEEN 0 AND 86400),
    window_minutes integer NOT NULL DEFAULT 0 CONSTRAINT alert_rules_window_bounds CHECK (window_minutes BETWEEN 0 AND 10080),
    is_enabled     boolean NOT NULL DEFAULT true,
    breached_since timestamptz,
    met_since      timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    -- Only figures of a time have a window.
    CONSTRAINT alert_rules_window_fits_kind CHECK ((window_minutes > 0) = (kind IN ('abandoned_count', 'abandoned_share', 'miscalibrated')))
);
-- Removing or renaming a department finds its rules.
CREATE INDEX alert_rules_department ON alert_rules (department) WHERE department IS NOT NULL;

-- One row for each time that a rule raised an alert, with the rule as it was then. department is a slug that may be gone.
CREATE TABLE alerts (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_id         bigint CONSTRAINT alerts_rule_id_fkey REFERENCES alert_rules ON DELETE SET NULL,
    kind            text NOT NULL,
    department      text,
    threshold       integer NOT NULL,
    hold_seconds    integer NOT NULL,
    window_minutes  integer NOT NULL,
    value           integer NOT NULL, -- of the figure when the alert was raised
    worst           integer NOT NULL, -- of the figure while the alert was open
    raised_at       timestamptz NOT NULL,
    cleared_at      timestamptz,
    cleared_reason  text CONSTRAINT alerts_cleared_reason_known CHECK (cleared_reason IN ('recovered', 'rule_changed')),
    acknowledged_at timestamptz,
    acknowledged_by text REFERENCES agents,
    snoozed_until   timestamptz,
    snoozed_by      text REFERENCES agents,
    version         bigint NOT NULL DEFAULT 1, -- counts the changes that are announced
    CONSTRAINT alerts_period CHECK (cleared_at >= raised_at),
    CONSTRAINT alerts_reason_fits_end CHECK ((cleared_at IS NULL) = (cleared_reason IS NULL)),
    CONSTRAINT alerts_acknowledged_by_someone CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
    CONSTRAINT alerts_snoozed_by_someone CHECK ((snoozed_until IS NULL) = (snoozed_by IS NULL))
);
-- A rule has one open alert at most, however many machines evaluate it at once.
CREATE UNIQUE INDEX alerts_one_open_per_rule ON alerts (rule_id) WHERE cleared_at IS NULL;
-- The history, newest first.
CREATE INDEX alerts_raised ON alerts (raised_at DESC, id DESC);
-- The alerts that were cleared a moment ago, which streams compare with what they sent, and those that are no longer kept.
CREATE INDEX alerts_cleared ON alerts (cleared_at) WHERE cleared_at IS NOT NULL;
-- The latest alert of a rule, whose snooze a new one takes over; removing a rule finds its alerts.
CREATE INDEX alerts_rule ON alerts (rule_id, id DESC);

-- The rules that come with the installation. They can be changed, switched off and removed.
INSERT INTO alert_rules (kind, threshold, hold_seconds, window_minutes) VALUES
    ('queue_length', 5, 60, 0),
    ('longest_wait', 240, 30, 0),
    ('unanswered', 90, 30, 0),
    ('abandoned_count', 3, 0, 30),
    ('nobody_online', 1, 60, 0),
    ('miscalibrated', 60, 600, 1440);
