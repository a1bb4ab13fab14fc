DROP TRIGGER chats_keep_rating_reasons ON chats;
DROP FUNCTION chats_keep_rating_reasons();
ALTER TABLE chats DROP COLUMN rating_reasons;
DROP DOMAIN chosen_rating_reasons;
DROP TABLE rating_reasons;
