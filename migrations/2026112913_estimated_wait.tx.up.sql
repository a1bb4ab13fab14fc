-- The range of the estimate that the user got on joining the queue, beside its median in predicted_seconds. NULL before it was stored,
-- and while no agent of the queue was online.
ALTER TABLE chats
    ADD COLUMN predicted_low_seconds integer,
    ADD COLUMN predicted_high_seconds integer;
