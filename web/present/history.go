package present

import "parley/views/chat"

// HistoryAt says where the earlier messages of a chat are that is shown at an address without a query.
func HistoryAt(page string) chat.History { return chat.History{Page: page, Load: page + "/messages"} }
