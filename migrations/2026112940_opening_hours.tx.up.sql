-- When the desk is open. Without a row in opening_hours it always is.

CREATE TABLE opening_hours (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL for the hours of all departments without hours of their own.
    department text CONSTRAINT opening_hours_department_fkey REFERENCES departments ON DELETE CASCADE,
    time_zone  text NOT NULL CONSTRAINT opening_hours_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64)
);
-- A department has hours once, and there is one row for all others.
CREATE UNIQUE INDEX opening_hours_unique ON opening_hours (coalesce(department, ''));

-- Days with other hours than their weekday, such as holidays.
CREATE TABLE opening_exceptions (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hours_id  bigint NOT NULL CONSTRAINT opening_exceptions_hours_id_fkey REFERENCES opening_hours ON DELETE CASCADE,
    day       date NOT NULL,
    is_yearly boolean NOT NULL,
    name      text NOT NULL CONSTRAINT opening_exceptions_name_length CHECK (char_length(name) <= 80),
    -- It also finds the exceptions of hours.
    CONSTRAINT opening_exceptions_unique UNIQUE (hours_id, day, is_yearly)
);

-- The intervals of a weekday (0 for Sunday) or of an exception, in minutes after midnight. One that ends on the next day closes after 1440.
CREATE TABLE opening_intervals (
    hours_id     bigint CONSTRAINT opening_intervals_hours_id_fkey REFERENCES opening_hours ON DELETE CASCADE,
    weekday      smallint CONSTRAINT opening_intervals_weekday CHECK (weekday BETWEEN 0 AND 6),
    exception_id bigint CONSTRAINT opening_intervals_exception_id_fkey REFERENCES opening_exceptions ON DELETE CASCADE,
    opens        smallint NOT NULL CONSTRAINT opening_intervals_opens CHECK (opens BETWEEN 0 AND 1439),
    closes       smallint NOT NULL,
    CONSTRAINT opening_intervals_order CHECK (closes > opens AND closes <= opens + 1440),
    CONSTRAINT opening_intervals_of_one_day CHECK ((weekday IS NULL) = (hours_id IS NULL) AND (weekday IS NULL) <> (exception_id IS NULL))
);
-- The intervals of a weekday,
CREATE UNIQUE INDEX opening_intervals_weekday_unique ON opening_intervals (hours_id, weekday, opens);
-- and those of an exception.
CREATE UNIQUE INDEX opening_intervals_exception_unique ON opening_intervals (exception_id, opens);

-- Processes hold the hours with the settings: see 2026112802.
CREATE TRIGGER opening_hours_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON opening_hours
    FOR EACH STATEMENT EXECUTE FUNCTION count_settings_change();
