package session

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/results"
)

func TestUserPattern(t *testing.T) {
	user := []suite.User{{Suite: protocol.Suite{Name: "a.b"}}, {Suite: protocol.Suite{Name: "c"}}}
	for _, c := range []struct {
		pattern string
		user    []suite.User
		want    string
	}{
		{"", nil, ""},
		{"X", user, "X"},
		{"", user, `^(a\.b|c)\.`},
	} {
		if got := userPattern(c.pattern, c.user); got != c.want {
			t.Errorf("userPattern(%q) = %q, want %q", c.pattern, got, c.want)
		}
	}
}

func TestMatchingTests(t *testing.T) {
	suites := []protocol.Suite{
		{Name: "s", Tests: []protocol.Test{{Name: "TestA", Cells: []string{"x", "y"}}, {Name: "TestB"}}},
		{Name: "other", Tests: []protocol.Test{{Name: "TestC"}}},
	}
	got := matchingTests(suites, regexp.MustCompile(`TestA/y|TestB`))
	want := []protocol.Suite{{Name: "s", Tests: []protocol.Test{{Name: "TestA", Cells: []string{"y"}}, {Name: "TestB"}}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// A search is about one cell: anything else is rejected, as a fault of the option
// that selects too much.
func TestOnlyTest(t *testing.T) {
	s := Settings{Config: config.Default()}
	s.Run.Tests, s.Run.Filesystems = "TestA", "xfs,ext4"
	tests := Selection{
		Profiles: []images.Profile{{Name: "xfs"}},
		Suites:   []protocol.Suite{{Name: "s", Tests: []protocol.Test{{Name: "TestA", Cells: []string{"x", "y"}}}}},
		Pattern:  "TestA/y",
	}
	if got, err := s.onlyTest(tests); err != nil || got != "s.TestA/y" {
		t.Errorf("got %q, %v", got, err)
	}
	var fault *input.Error
	tests.Pattern = "TestA"
	if _, err := s.onlyTest(tests); !errors.As(err, &fault) || fault.Option != "tests" || !strings.Contains(fault.Text, "2 cells") {
		t.Errorf("two cells: %v", err)
	}
	tests.Profiles = append(tests.Profiles, images.Profile{Name: "ext4"})
	if _, err := s.onlyTest(tests); !errors.As(err, &fault) || fault.Option != "filesystems" {
		t.Errorf("two filesystems: %v", err)
	}
}

func TestSelectionInWords(t *testing.T) {
	for _, c := range []struct {
		set  func(*config.Run)
		from []string
		want string
	}{
		{func(*config.Run) {}, nil, "all cells"},
		{func(r *config.Run) { r.Priority = 1 }, nil, "priority 0 to 1"},
		{func(r *config.Run) { r.Tests, r.Priority = "Punch|Zero", 1 }, []string{"./pkg"}, "Punch|Zero"},
		{func(*config.Run) {}, []string{"./pkg"}, "user suites"},
	} {
		s := Settings{Config: config.Default()}
		c.set(&s.Run)
		if got := s.words(c.from); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	var cfg lab.Config
	Selection{Words: "quick cells", User: []suite.User{{}}}.Configure(results.OriginProve)(&cfg)
	if cfg.Origin != results.OriginProve || cfg.Tests != "quick cells" || len(cfg.User) != 1 {
		t.Errorf("%+v", cfg)
	}
}
