package format

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Duplicate names get distinct keys, whatever they are, in linear time.
func TestDuplicateNames(t *testing.T) {
	long := strings.Repeat("n", 2*sanitize.MaxLine)
	for _, list := range [][]string{
		{"a", "a", "a"}, {"a", "a#01", "a", "a"}, {"a#01", "a", "a", "a#01"}, {long, long, long}, {" a", "a ", "a"},
	} {
		n := names{used: map[results.CellKey]int{}}
		seen := map[string]bool{}
		for _, name := range list {
			k := n.key("6.1", "xfs", name)
			if seen[k.Test] || k.Test == "" || sanitize.Line(k.Test) != k.Test {
				t.Errorf("%.40q: %.40q is duplicate, or changed by the store", list, k.Test)
			}
			seen[k.Test] = true
		}
	}
	n := names{used: map[results.CellKey]int{}}
	for i := range 50_000 {
		n.key("6.1", "xfs", fmt.Sprintf("a#%02d", i))
	}
	for range 50_000 { // a quadratic search would take minutes
		n.key("6.1", "xfs", "a")
	}
}

func source(t *testing.T, file, text, kernel string) Source {
	t.Helper()
	s, err := ReadSource(strings.NewReader(text), ReadOptions{File: file, Kernel: kernel})
	must(t, err)
	return s
}

func TestMerge(t *testing.T) {
	const (
		one = `<testsuite name="s" timestamp="2026-03-01T10:00:00"><testcase name="t" time="2"/></testsuite>`
		two = `<testsuite name="s" timestamp="2026-03-01T09:00:00"><testcase name="t" time="3"><failure message="m"/></testcase></testsuite>`
		tap = "KTAP version 1\n1..2\nok 1 t\n"
	)
	a, b, c := source(t, "a.xml", one, "6.1"), source(t, "b.xml", two, "6.1"), source(t, "c.ktap", tap, "6.1")
	run, attempts, err := Merge([]Source{a, b, c}, t0)
	must(t, err)
	if got := imported(Imported{Attempts: attempts}); got != "s.t: pass\ns.t#01: fail m\nt: pass\nmissing: infra result 2 of 2 is missing in line 3\n" {
		t.Error(got)
	}
	if run.Started.Format(time.RFC3339) != "2026-03-01T09:00:00Z" || run.Finished.Sub(run.Started) != 5*time.Second || run.Planned != 4 ||
		run.Policy != outcome.DefaultPolicy || run.Problem != "c.ktap: result 2 of 2 is missing in line 3" || !strings.HasPrefix(run.Conditions["imported from b.xml"], "junit, sha256:") {
		t.Errorf("%+v", run)
	}
	id := func(sources ...Source) string {
		run, _, err := Merge(sources, t0.Add(time.Hour))
		must(t, err)
		return run.ID
	}
	if id(c, b, a) != run.ID || id(source(t, "elsewhere/a.xml", one, "6.1"), b, c) != run.ID {
		t.Error("the same documents give another run")
	}
	if id(a, b) == run.ID || id(source(t, "a.xml", one, "6.2"), b, c) == run.ID || id(source(t, "a.xml", one+" ", "6.1"), b, c) == run.ID {
		t.Error("other documents, or the same for another kernel, give the same run")
	}
	ours := source(t, "ours.ktap", string(documents(t, sample())["ktap"]), "")
	alias := sample()
	alias.Run.Policy = outcome.PolicyAlias
	if _, _, err := Merge([]Source{ours, source(t, "alias.ktap", string(documents(t, alias)["ktap"]), "")}, t0); err == nil || !strings.Contains(err.Error(), "under policy alias") {
		t.Errorf("two policies in one run: %v", err)
	}
}
