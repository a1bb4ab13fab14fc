// Package present has the view data that pages of several audiences share: names, files, transcripts, outcomes of chats, errors of form
// fields, and how much of a conversation a page shows. The packages of the audiences use it instead of importing one another.
//
// It knows nothing of HTTP; its functions return text in the language of their context.
package present
