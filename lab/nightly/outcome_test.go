package nightly

import (
	"errors"
	"testing"
)

// The faults of the run come before those of what followed it, each on a line.
func TestOutcomeErr(t *testing.T) {
	var o Outcome
	o.News.Problems, o.Failed = []string{"no QEMU"}, []string{"no mail"}
	var incomplete *IncompleteError
	if err := o.Err(); !errors.As(err, &incomplete) || err.Error() != "no QEMU\nno mail" {
		t.Errorf("error %v, want both faults", err)
	}
	if text := (&IncompleteError{}).Error(); text == "" {
		t.Error("an error without faults has no text")
	}
}
