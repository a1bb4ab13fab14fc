-- How much the assistant was used on each day (UTC): the budget of a day is taken from it before anything is sent. The audit log says by whom.
CREATE TABLE assistant_days (
    day    date PRIMARY KEY,
    calls  bigint NOT NULL CONSTRAINT assistant_days_calls_bounds CHECK (calls >= 0),
    -- Sent and received, reserved ones of calls in progress included.
    tokens bigint NOT NULL CONSTRAINT assistant_days_tokens_bounds CHECK (tokens >= 0)
);
