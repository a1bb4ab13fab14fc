-- Statistics read the open chats of a period; what the minutes counted of them is checked.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_open_created ON chats (created_at) WHERE status <> 'ended';
-- The latest assignment is shown to supervisors, and the assignments of the last hour are checked. No message changes either column.
CREATE INDEX CONCURRENTLY IF NOT EXISTS chats_open_assigned ON chats (first_assigned_at) WHERE status <> 'ended' AND first_assigned_at IS NOT NULL;
