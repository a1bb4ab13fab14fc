-- Whether the user who joined the queue got an estimate, which the previous release does not store, and the department for which it was
-- made: a transfer changes that of the chat. predicted_known is NULL for the chats of the previous release, which are not scored.
ALTER TABLE chats
    ADD COLUMN predicted_known boolean,
    ADD COLUMN predicted_department text;
-- How good the estimates of a period were is read from this index alone. None of its columns is written by a message.
CREATE INDEX chats_predictions ON chats (created_at)
    INCLUDE (queued_at, first_assigned_at, ended_at, predicted_seconds, predicted_low_seconds, predicted_high_seconds, predicted_known,
        predicted_department)
    WHERE predicted_known IS NOT NULL;
