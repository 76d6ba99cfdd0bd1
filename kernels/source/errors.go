package source

import "fmt"

// Error reports a build that cannot be done as requested.
type Error struct {
	Name   string // of the build
	Reason string
	// Source blames the source: it does not compile, or a patch or an option
	// does not apply to it. Another commit may build.
	Source bool
	// Summary is one line of the reason if the source is to blame: the first
	// option that did not take, the patch, or what the compiler found first.
	Summary string
}

func (e *Error) Error() string { return fmt.Sprintf("build %s: %s", e.Name, e.Reason) }

// BadInput marks a user error, as opposed to a failure of the lab.
func (*Error) BadInput() {}

// NoSpaceError reports that the cache's disk filled up during a build. The next
// build continues from the compiled objects.
type NoSpaceError struct {
	Build string
	Step  string // the command that failed
}

func (e *NoSpaceError) Error() string {
	return fmt.Sprintf("build %s: %s: the disk is full; what was compiled is kept", e.Build, e.Step)
}

// NoMemoryError reports that the compiler was killed or could not allocate
// memory. The next build continues from the compiled objects.
type NoMemoryError struct {
	Build string
	Step  string // the command that failed
}

func (e *NoMemoryError) Error() string {
	return fmt.Sprintf("build %s: %s: the compiler was killed or ran out of memory; what was compiled is kept", e.Build, e.Step)
}
