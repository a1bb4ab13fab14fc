DROP TRIGGER users_search_due ON users;
DROP TRIGGER chats_search_gone ON chats;
DROP TRIGGER chats_search_due ON chats;
DROP FUNCTION chat_search_is_due_of_user(), chat_search_is_gone(), chat_search_is_due();
DROP TABLE chat_search_due, chat_search;
