DROP INDEX canned_replies_text;
