// Package input has the error type for requests that cannot be executed as
// given: bad usage or bad input, never a lab failure.
package input

import "fmt"

// Error reports a mistake that the user has to correct.
type Error struct {
	// Option is the option at fault, by its name on the command line without
	// dashes; empty if it is not a single option.
	Option string
	Text   string
}

func (e *Error) Error() string {
	if e.Option == "" {
		return e.Text
	}
	return e.Option + ": " + e.Text
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*Error) BadInput() {}

// Errorf reports a mistake in the request as a whole.
func Errorf(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...)}
}

// Optionf reports a mistake in one option.
func Optionf(option, format string, args ...any) error {
	return &Error{Option: option, Text: fmt.Sprintf(format, args...)}
}
