DROP TABLE continue_links;
DROP TABLE outgoing_mails;
