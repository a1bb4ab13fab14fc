-- Bots look for canned replies by full text, in the words of a user. There are some thousands at most, so this is built at once.
CREATE INDEX canned_replies_text ON canned_replies USING gin (to_tsvector('english'::regconfig, title || ' ' || body));
