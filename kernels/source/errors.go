package source

import "fmt"

// Error reports a build that is impossible as requested.
type Error struct {
	Name   string // the build's
	Reason string
	// Source blames the source: it does not compile, or a patch or an option
	// does not apply to it. Another commit may build.
	Source bool
}

func (e *Error) Error() string { return fmt.Sprintf("build %s: %s", e.Name, e.Reason) }

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*Error) BadInput() {}

// NoSpaceError reports that the cache's disk ran full during a build. The next
// build continues from the objects that were compiled.
type NoSpaceError struct {
	Build string
	Step  string // the command that failed
}

func (e *NoSpaceError) Error() string {
	return fmt.Sprintf("build %s: %s: the disk is full; what was compiled is kept", e.Build, e.Step)
}

// NoMemoryError reports that the compiler was killed or could not allocate. The
// next build continues from the objects that were compiled.
type NoMemoryError struct {
	Build string
	Step  string // the command that failed
}

func (e *NoMemoryError) Error() string {
	return fmt.Sprintf("build %s: %s: the compiler was killed or ran out of memory; what was compiled is kept", e.Build, e.Step)
}
