package plan

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/results"
)

var planSuites = []protocol.Suite{
	{Name: "selftest", Tests: []protocol.Test{{Name: "TestPanicKernel"}}},
	{Name: "splice", Tests: []protocol.Test{
		{Name: "TestOracle", Control: true},
		{Name: "TestPunchHole", Cells: []string{"small-clean", "large-dirty"}},
		{Name: "TestPunchHoleInPage", Cells: []string{"small-clean"}},
	}},
}

func names(p Plan) string {
	var s []string
	for _, t := range p.Tests {
		s = append(s, t.Name())
	}
	return strings.Join(s, " ")
}

func TestNew(t *testing.T) {
	for _, tt := range []struct{ pattern, want string }{
		{"", "splice.TestOracle splice.TestPunchHole/small-clean splice.TestPunchHole/large-dirty splice.TestPunchHoleInPage/small-clean"},
		{"InPage", "splice.TestOracle splice.TestPunchHoleInPage/small-clean"},
		{"selftest.*Panic", "splice.TestOracle selftest.TestPanicKernel"},
	} {
		p, err := New(nil, nil, planSuites, tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(p); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.pattern, got, tt.want)
		}
	}
	_, err := New(nil, nil, planSuites, "PunchHoles")
	var none *NoMatchError
	if !errors.As(err, &none) || len(none.Near) == 0 || none.Near[0] != "splice.TestPunchHole" {
		t.Errorf("got %v, want a *NoMatchError near splice.TestPunchHole", err)
	}
	if _, err := New(nil, nil, planSuites, "("); err == nil {
		t.Error("a broken pattern was accepted")
	}
	twins := []Kernel{{Release: "6.12.1", Origin: "debian"}, {Release: "6.12.1", Origin: "file:/x"}}
	if _, err := New(twins, nil, planSuites, ""); err == nil || !strings.Contains(err.Error(), "file:/x") {
		t.Errorf("two kernels of one name: got %v, want an error that names both", err)
	}
}

// matches works like -test.run: alternatives first, levels after.
func matches(t *testing.T, pattern, name string) bool {
	t.Helper()
	for alt := range strings.SplitSeq(pattern, "|") {
		levels, elems := strings.Split(alt, "/"), strings.Split(name, "/")
		ok := len(levels) == len(elems)
		for i := 0; ok && i < len(levels); i++ {
			ok = regexp.MustCompile(levels[i]).MatchString(elems[i])
		}
		if ok {
			return true
		}
	}
	return false
}

func TestRunPatternIsExact(t *testing.T) {
	tests := []Test{{Top: "TestPunchHole", Sub: "small-clean"}, {Top: "TestWrite", Sub: "large-dirty"}, {Top: "TestPunchHoleInPage"}}
	p := RunPattern(tests...)
	for _, yes := range []string{"TestPunchHole/small-clean", "TestWrite/large-dirty", "TestPunchHoleInPage"} {
		if !matches(t, p, yes) {
			t.Errorf("%s does not match %s", p, yes)
		}
	}
	for _, no := range []string{"TestPunchHole/large-dirty", "TestWrite/small-clean", "TestPunchHoleInPages", "TestPunchHole/small-clean2"} {
		if matches(t, p, no) {
			t.Errorf("%s matches %s", p, no)
		}
	}
}

func TestQuickKeepsRepresentativeCells(t *testing.T) {
	suites := []protocol.Suite{
		{Name: "own", Tests: []protocol.Test{{Name: "TestA"}, {Name: "TestB"}}},
		{Name: "splice", Tests: []protocol.Test{
			{Name: "TestOracle", Control: true, Cells: []string{"x", "y"}},
			{Name: "TestPunchHole", Cells: []string{"small-clean", "large-dirty"}, Quick: []string{"large-dirty"}},
			{Name: "TestWrite", Cells: []string{"small-clean"}},
		}},
	}
	p, err := New(nil, nil, Quick(suites), "")
	if err != nil {
		t.Fatal(err)
	}
	const want = "own.TestA own.TestB splice.TestOracle/x splice.TestOracle/y splice.TestPunchHole/large-dirty"
	if got := names(p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The longest unit comes first, and units that share templates stay together.
func TestUnitsLongestFirst(t *testing.T) {
	p := Plan{
		Kernels:  []Kernel{{Release: "a", Digest: "a"}, {Release: "b", Digest: "b"}},
		Profiles: []images.Profile{{Name: "x"}},
		Tests:    []Test{{Suite: "s", Top: "T1"}, {Suite: "s", Top: "T2"}, {Suite: "s", Top: "T3"}},
	}
	expected := map[results.CellKey]time.Duration{
		{Kernel: "a", FS: "x", Test: "s.T2"}: 2,
		{Kernel: "b", FS: "x", Test: "s.T3"}: 5,
		{Kernel: "b", FS: "x", Test: "s.T1"}: 1,
	}
	for isolation, want := range map[Isolation]string{
		IsolationVM:   "b:T1T2T3 a:T1T2T3",
		IsolationCell: "b:T3 b:T1 b:T2 a:T2 a:T1 a:T3",
	} {
		var got []string
		for _, u := range p.Units(isolation, expected) {
			s := u.Kernel.Release + ":"
			for _, t := range u.Tests {
				s += t.Top
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: got %s, want %s", isolation, s, want)
		}
	}
}
