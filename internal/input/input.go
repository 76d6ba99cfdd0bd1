// Package input has the error of a request that cannot be carried out as it was
// made: wrong usage or bad input, never a failure of the lab.
package input

import "fmt"

// Error reports what the user has to correct.
type Error struct {
	// Option is the option at fault, by its name on the command line without
	// dashes; empty where it is not a single one.
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

// Errorf reports a fault of the request as a whole.
func Errorf(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...)}
}

// Optionf reports a fault of one option.
func Optionf(option, format string, args ...any) error {
	return &Error{Option: option, Text: fmt.Sprintf(format, args...)}
}
