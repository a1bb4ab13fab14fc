DROP INDEX chats_last_assigned;
