package present

import "parley/views/chat"

// HistoryAt returns where the messages of a chat are that the page at this address shows. The address has no query.
func HistoryAt(page string) chat.History { return chat.History{Page: page, Load: page + "/messages"} }
