DROP INDEX chat_flags_by_age;
