// Package webhook tells other systems of events, in the format of https://www.standardwebhooks.com.
//
// Administrators enter the addresses, and a name may resolve to any address by the time it is used. So what is connected to is decided by
// the resolved address, at the moment of the connection: public ones, and those in the networks that administrators list. Redirects are not
// followed, and proxies are used only if the program was started with one for webhooks.
package webhook
