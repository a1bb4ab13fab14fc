-- The invariants are checked a slice at a time by a periodic task. This row holds how far the present pass is, and the result of the last complete one.
CREATE TABLE invariant_checks (
    one        boolean PRIMARY KEY DEFAULT true CONSTRAINT invariant_checks_one_row CHECK (one),
    began_at   timestamptz, -- of the present pass; NULL between two passes
    stage      integer NOT NULL DEFAULT 0, -- what the present pass checks next
    position   text NOT NULL DEFAULT '', -- up to where it has checked that
    found      jsonb NOT NULL DEFAULT '{}', -- the findings of the present pass, by invariant
    checked_at timestamptz, -- when the last complete pass ended; NULL before the first one
    result     jsonb NOT NULL DEFAULT '{}' -- its findings
);
INSERT INTO invariant_checks DEFAULT VALUES;
