package results_test

import (
	"testing"

	"github.com/splicelab/splicelab/results"
)

func TestIsControl(t *testing.T) {
	for test, want := range map[string]bool{
		"splice.TestControl": true, "splice.TestControl/oracle": true, "mine.TestControl/a/b": true,
		"splice.TestControlled": false, "splice.TestA/x.TestControl": false, "TestControl": false,
	} {
		if results.IsControl(test) != want {
			t.Errorf("%s: %t, want %t", test, !want, want)
		}
	}
}
