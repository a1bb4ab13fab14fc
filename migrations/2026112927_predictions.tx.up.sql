-- Whether the user who joined the queue got an estimate, which the previous release does not store, and the department for which it was
-- made: a transfer changes that of the chat. predicted_known is NULL for the chats of the previous release, which are not scored.
ALTER TABLE chats
    ADD COLUMN predicted_known boolean,
    ADD COLUMN predicted_department text;
