// Package mail sends the e-mail of the outbox over SMTP, and has the mailbox in which `parley run` shows what was sent.
// What is sent, and when, is decided in models; what a mail looks like is in views/mail.
package mail
