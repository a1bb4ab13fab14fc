DROP INDEX chats_hand_raised;
DROP INDEX chat_flags_by_age;
