package chat

import "iter"

// Transcript is a chat as its user sees it, with times in one time zone.
type Transcript struct {
	ChatID       string
	Began        string // when the chat began
	Zone, Offset string // of the times
	Answers      []Answer
	Messages     iter.Seq[TranscriptLine] // read while they are written
	IsCutOff     func() bool              // whether reading them failed
}

// TranscriptLine is a message of a transcript.
type TranscriptLine struct {
	Sender      string // "" for the system
	Time, Stamp string // the latter for programs
	Text        string // with lines separated by \n
	Note        string // such as that it was edited
	IsOwn       bool   // of the reader
}
