// Package inbound receives e-mail: replies to the addresses that [models.Desk.ReplyAddress] makes. A [Receiver] takes a mail from an
// SMTP or LMTP connection ([Server]) or from a pipe, reads it with bounded memory ([Read]) and gives it to the desk. It sends nothing.
//
// What a mail contains is not trusted: parts, their depth, text and files are bounded, archives are not unpacked, and files pass the same
// checks as uploads.
package inbound
