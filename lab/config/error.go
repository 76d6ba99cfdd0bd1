package config

import (
	"fmt"
	"strings"
)

// Error says what is wrong with the configuration. It is always for the user to
// fix: bad usage or bad input, never a failure of the lab.
type Error struct {
	// Faults are sentences, each with the flag, the variable or the file and
	// line at fault; at least one.
	Faults []string
}

func (e *Error) Error() string { return strings.Join(e.Faults, "\n") }

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*Error) BadInput() {}

// fault is one error, without its origin.
type fault struct {
	key  string // dotted; empty if the line is enough
	line int    // in the file; 0 when unknown
	what string
}

// in formats the fault as one in the file.
func (f fault) in(file string) string {
	switch {
	case f.line > 0:
		return fmt.Sprintf("%s:%d: %s", file, f.line, f.what)
	case f.key != "":
		return fmt.Sprintf("%s: %s: %s", file, f.key, f.what)
	default:
		return fmt.Sprintf("%s: %s", file, f.what)
	}
}
