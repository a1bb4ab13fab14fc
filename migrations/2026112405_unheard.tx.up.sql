-- Counts the transactions of processes that tell nobody of what they did, such as the commands of the console: those who hold streams look at it.
ALTER TABLE pulse ADD COLUMN unheard bigint NOT NULL DEFAULT 0;
