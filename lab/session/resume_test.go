package session

import (
	"errors"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/results"
)

// A run is resumed unchanged: options that contradict it are rejected, those that
// repeat it are not.
func TestContradictions(t *testing.T) {
	s := Settings{Config: config.Default()}
	s.Run.Policy, s.Run.Seed, s.VM.Accel, s.VM.CPUs = "alias", 8, "tcg", 4
	p := Paused{
		Run:    results.Run{ID: "r", Accel: "tcg", Seed: 7},
		recipe: lab.Recipe{CPUs: 4, Requested: map[string]string{"policy": "alias", "accel": "auto", "seed": "0"}},
	}
	for _, c := range []struct {
		given []Option
		want  string
	}{
		{nil, ""},
		{[]Option{{"policy", "alias"}}, ""},
		{[]Option{{"accel", "tcg"}}, ""}, // what auto chose
		{[]Option{{"cpus", "4"}}, ""},    // from a release that did not store it by name
		{[]Option{{"memory", "512"}}, "memory"},
		{[]Option{{"json", "out.json"}}, ""},
		{[]Option{{"json", "out.json"}, {"seed", "8"}}, "seed"},
	} {
		err := p.Contradicts(c.given, s, nil)
		var conflict *ContradictionError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v: %v", c.given, err)
		case c.want != "" && (!errors.As(err, &conflict) || conflict.Name != c.want):
			t.Errorf("%v: %v, want a contradiction of %s", c.given, err, c.want)
		}
	}
}

func TestRequestedNamesFilesFromAnywhere(t *testing.T) {
	got := Settings{Config: config.Default()}.Requested([]string{".", "example.org/pkg"})["tests-from"]
	dir, pkg, _ := strings.Cut(got, "\n")
	if !strings.HasPrefix(dir, "/") || pkg != "example.org/pkg" {
		t.Errorf("tests-from is %q, want an absolute path and the import path", got)
	}
}
