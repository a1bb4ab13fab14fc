package testdb

// The release before this one. Its instances go on while this one's migrations are applied and its instances are started, so it must work
// on this schema: tests of the migrations compare the two schemas, and TestUpgrade in web/faulttest runs both programs.
//
// To move on, after a release was tagged: set PreviousRelease to its tag and PreviousStep to the last migration that it has.
const (
	PreviousRelease = "a2df131" // a tag, or a commit
	PreviousStep    = "2026112913_estimated_wait"
)
