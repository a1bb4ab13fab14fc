ALTER TABLE agents DROP COLUMN reserved;
ALTER TABLE chats DROP COLUMN offer_id;
DROP TABLE transfer_offers;
