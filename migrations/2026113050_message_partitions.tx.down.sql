DROP FUNCTION partition_messages(date), drop_message_partition(text), add_message_month(date), make_message_table(text, text), unlink_messages(),
    first_chat_id(timestamptz);
