-- Who was given to an agent last: the overview asks on every change.
CREATE INDEX chats_last_assigned ON chats (first_assigned_at) WHERE status = 'active';
