package lab

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
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

func TestNewPlan(t *testing.T) {
	for _, tt := range []struct{ pattern, want string }{
		{"", "splice.TestOracle splice.TestPunchHole/small-clean splice.TestPunchHole/large-dirty splice.TestPunchHoleInPage/small-clean"},
		{"InPage", "splice.TestOracle splice.TestPunchHoleInPage/small-clean"},
		{"selftest.*Panic", "splice.TestOracle selftest.TestPanicKernel"},
	} {
		p, err := NewPlan(nil, nil, planSuites, tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(p); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.pattern, got, tt.want)
		}
	}
	_, err := NewPlan(nil, nil, planSuites, "PunchHoles")
	var none *NoMatchError
	if !errors.As(err, &none) || len(none.Near) == 0 || none.Near[0] != "splice.TestPunchHole" {
		t.Errorf("got %v, want a *NoMatchError near splice.TestPunchHole", err)
	}
	if _, err := NewPlan(nil, nil, planSuites, "("); err == nil {
		t.Error("a broken pattern was taken")
	}
	twins := []kernels.Kernel{{Release: "6.12.1", Origin: "debian"}, {Release: "6.12.1", Origin: "file:/x"}}
	if _, err := NewPlan(twins, nil, planSuites, ""); err == nil || !strings.Contains(err.Error(), "file:/x") {
		t.Errorf("two kernels of one name: got %v, want an error that names both", err)
	}
}

// matches does what testing does with -test.run: alternatives first, levels after.
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
	tests := []PlannedTest{{Top: "TestPunchHole", Sub: "small-clean"}, {Top: "TestWrite", Sub: "large-dirty"}, {Top: "TestPunchHoleInPage"}}
	p := runPattern(tests)
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

func TestFittingKeepsOneSuiteAndOneArgument(t *testing.T) {
	two := []PlannedTest{{Suite: "a", Top: "T"}, {Suite: "a", Top: "U"}, {Suite: "b", Top: "T"}}
	if n := fitting(two); n != 2 {
		t.Errorf("got %d tests of two suites in one batch, want 2", n)
	}
	many := make([]PlannedTest, 5000)
	for i := range many {
		many[i] = PlannedTest{Suite: "a", Top: strings.Repeat("T", 60)}
	}
	n := fitting(many)
	if got := len(runPattern(many[:n])); n == len(many) || got > maxRunPattern {
		t.Errorf("%d tests make a pattern of %d bytes, more than %d", n, got, maxRunPattern)
	}
}

func TestWatchStandsStillWhileTheLabDoes(t *testing.T) {
	start := time.Now()
	w := newWatch(start)
	w.look(start.Add(stallStep))
	if got := w.look(start.Add(time.Hour)); got > 3*stallStep {
		t.Errorf("an hour asleep counted as %s", got)
	}
}

func TestQuickKeepsWhatStandsForTheOthers(t *testing.T) {
	suites := []protocol.Suite{
		{Name: "own", Tests: []protocol.Test{{Name: "TestA"}, {Name: "TestB"}}},
		{Name: "splice", Tests: []protocol.Test{
			{Name: "TestOracle", Control: true, Cells: []string{"x", "y"}},
			{Name: "TestPunchHole", Cells: []string{"small-clean", "large-dirty"}, Quick: []string{"large-dirty"}},
			{Name: "TestWrite", Cells: []string{"small-clean"}},
		}},
	}
	p, err := NewPlan(nil, nil, Quick(suites), "")
	if err != nil {
		t.Fatal(err)
	}
	const want = "own.TestA own.TestB splice.TestOracle/x splice.TestOracle/y splice.TestPunchHole/large-dirty"
	if got := names(p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What takes long comes first, and what shares templates stays together.
func TestGroupsLongestFirst(t *testing.T) {
	p := Plan{
		Kernels:  []kernels.Kernel{{Release: "a", Digest: "a"}, {Release: "b", Digest: "b"}},
		Profiles: []images.Profile{{Name: "x"}},
		Tests:    []PlannedTest{{Suite: "s", Top: "T1"}, {Suite: "s", Top: "T2"}, {Suite: "s", Top: "T3"}},
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
		for _, g := range p.groups(isolation, expected) {
			s := g.kernel.Release + ":"
			for _, t := range g.tests {
				s += t.Top
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: got %s, want %s", isolation, s, want)
		}
	}
}
