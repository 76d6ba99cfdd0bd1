package changes_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
)

const (
	old    = "6.12.117+deb13-cloud-amd64"
	newer  = "6.12.118+deb13-cloud-amd64"
	long   = "5.10.0-46-cloud-amd64"
	next   = "6.18.2+deb14-cloud-amd64"
	fresh  = "7.4.1-mine"
	absent = "6.18"
)

var start = time.Date(2026, 11, 27, 2, 30, 0, 0, time.UTC)

// cell is written as "verdict outcome".
func cell(kernel, test, what string) results.Cell {
	verdict, out, _ := strings.Cut(what, " ")
	c := results.Cell{Attempts: 1}
	c.CellKey = results.CellKey{Kernel: kernel, FS: "xfs", Test: "splice." + test}
	c.N, c.Verdict, c.Outcome, c.Kind = 1, outcome.Verdict(verdict), outcome.Outcome(out), outcome.Characterisation
	return c
}

func run(id string, after time.Duration) results.Run {
	return results.Run{ID: id, Started: start.Add(after), Finished: start.Add(after + time.Hour), Policy: outcome.PolicySnapshot, Seed: 7,
		Conditions: map[string]string{"qemu": "7.2"}}
}

// facts compare the cells, each written as kernel, test, what.
func facts(before, after [][3]string) changes.Facts {
	f := changes.Facts{Host: "lab1", Started: start, Finished: start.Add(time.Hour), Before: run("before", -24*time.Hour), Run: run("after", 0)}
	for _, c := range before {
		f.BeforeCells = append(f.BeforeCells, cell(c[0], c[1], c[2]))
	}
	for _, c := range after {
		f.Cells = append(f.Cells, cell(c[0], c[1], c[2]))
		f.Planned = append(f.Planned, results.CellKey{Kernel: c[0], FS: "xfs", Test: "splice." + c[1]})
	}
	return f
}

func tests(changes []compare.Change) string {
	var all []string
	for _, c := range changes {
		all = append(all, strings.TrimPrefix(c.Test, "splice."))
	}
	return strings.Join(all, " ")
}

func TestCompare(t *testing.T) {
	pass, fail := "pass snapshot", "fail zeroed"
	for _, c := range []struct {
		name          string
		before, after [][3]string
		edit          func(*changes.Facts)
		worse, other  string // tests that got worse, that otherwise changed
		status        changes.Status
		subject       string
	}{
		{"nothing", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", pass}}, nil, "", "", changes.StatusSame, "as before"},
		{"a failure", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", fail}}, nil, "A", "", changes.StatusRegressed, "1 new failure"},
		{"still a failure", [][3]string{{old, "A", fail}}, [][3]string{{old, "A", fail}}, nil, "", "", changes.StatusSame, "as before"},
		{"fixed", [][3]string{{old, "A", fail}}, [][3]string{{old, "A", pass}}, nil, "", "A", changes.StatusSame, "1 fixed"},
		{"fails otherwise", [][3]string{{old, "A", fail}}, [][3]string{{old, "A", "fail live"}}, nil, "", "A", changes.StatusSame, "1 cell changed"},
		{"failed and crashes", [][3]string{{old, "A", fail}}, [][3]string{{old, "A", "crash"}}, nil, "A", "", changes.StatusRegressed, "1 violation, 1 new failure"},
		{"crashed before", [][3]string{{old, "A", "crash"}}, [][3]string{{old, "A", "crash"}}, nil, "", "", changes.StatusSame, "1 violation, as before"},
		{"crashed and fails", [][3]string{{old, "A", "crash"}}, [][3]string{{old, "A", fail}}, nil, "", "A", changes.StatusSame, "1 cell changed"},
		{"skipped now", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", "skip"}}, nil, "", "A", changes.StatusSame, "1 skip changed"},
		{"infra", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", "infra"}}, nil, "", "A", changes.StatusLab, "1 cell infra"},
		{"came and went", [][3]string{{old, "A", pass}, {old, "B", pass}}, [][3]string{{old, "B", pass}, {old, "C", fail}}, nil, "", "C A", changes.StatusSame, "1 new cell, 1 cell vanished"},
		{"a newer kernel of the series", [][3]string{{old, "A", pass}}, [][3]string{{newer, "A", fail}}, nil, "A", "", changes.StatusRegressed, "1 new failure, 1 new kernel"},
		{"a newer kernel beside the old one", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", pass}, {newer, "A", fail}}, nil, "A", "", changes.StatusRegressed, "1 new failure, 1 new kernel"},
		{"a kernel that nothing compares with", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", pass}, {fresh, "A", fail}}, nil, "", "A", changes.StatusSame, "1 new kernel, 1 new cell"},
		{"a kernel of a new series in place of the old one", [][3]string{{old, "A", pass}}, [][3]string{{next, "A", fail}}, nil, "A", "", changes.StatusRegressed, "1 new failure, 1 new kernel"},
		{"the two newest series", [][3]string{{long, "A", fail}, {old, "A", pass}}, [][3]string{{old, "A", pass}, {next, "A", fail}}, nil, "A", "", changes.StatusRegressed, "1 new failure, 1 new kernel, 1 kernel gone"},
		{"a kernel beside all there were", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", pass}, {next, "A", fail}}, nil, "", "A", changes.StatusSame, "1 new kernel, 1 new cell"},
		{"a kernel is gone", [][3]string{{old, "A", pass}, {long, "A", pass}}, [][3]string{{old, "A", pass}}, nil, "", "", changes.StatusSame, "1 kernel gone"},
		{"a kernel is missing", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", pass}},
			func(f *changes.Facts) { f.Missing = []changes.Missing{{absent, "no kernel matches it"}} }, "", "", changes.StatusLab, "1 kernel missing"},
		{"a kernel of the plan could not be had", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", pass}}, func(f *changes.Facts) {
			f.Missing = []changes.Missing{{newer, "not the file that the index describes"}}
			f.Planned = append(f.Planned, results.CellKey{Kernel: newer, FS: "xfs", Test: "splice.A"})
		}, "", "", changes.StatusLab, "1 kernel missing"},
		{"stopped", [][3]string{{old, "A", pass}, {old, "B", pass}}, [][3]string{{old, "A", pass}}, func(f *changes.Facts) {
			f.Planned = append(f.Planned, results.CellKey{Kernel: old, FS: "xfs", Test: "splice.B"})
			f.Problems = []string{"the deadline of 20h0m0s passed"}
		}, "", "", changes.StatusLab, "1 problem, 1 cell not run"},
		{"another policy", [][3]string{{old, "A", "fail live"}}, [][3]string{{old, "A", "pass live"}},
			func(f *changes.Facts) { f.Run.Policy = outcome.PolicyAlias }, "", "", changes.StatusSame, "as before"},
		{"an expected failure", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", fail}},
			func(f *changes.Facts) { f.Cells[0].Expected = results.XFail }, "", "A", changes.StatusSame, "1 cell changed"},
		{"an unexpected pass", [][3]string{{old, "A", fail}}, [][3]string{{old, "A", pass}},
			func(f *changes.Facts) { f.Cells[0].Expected = results.XPass }, "", "A", changes.StatusSame, "1 unexpected pass"},
		{"still an unexpected pass", [][3]string{{old, "A", pass}}, [][3]string{{old, "A", pass}}, func(f *changes.Facts) {
			f.Cells[0].Expected, f.BeforeCells[0].Expected = results.XPass, results.XPass
		}, "", "", changes.StatusSame, "as before"},
		{"nothing before", nil, [][3]string{{old, "A", fail}}, func(f *changes.Facts) { f.Before = results.Run{} }, "", "", changes.StatusSame, "nothing to compare with yet"},
		{"nothing run", [][3]string{{old, "A", pass}}, nil, func(f *changes.Facts) {
			f.Run, f.Problems = results.Run{}, []string{"no room"}
		}, "", "", changes.StatusLab, "nothing was run, 1 problem"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts(c.before, c.after)
			if c.edit != nil {
				c.edit(&f)
			}
			n := changes.Compare(f)
			other := slices.Concat(n.Unexpected, n.Changed, n.Fixes, n.Skips, n.New, n.Gone, n.Unknown)
			if tests(n.Worse) != c.worse || tests(other) != c.other || n.Regressed() != (c.worse != "") {
				t.Errorf("worse %q and otherwise changed %q, want %q and %q", tests(n.Worse), tests(other), c.worse, c.other)
			}
			if n.Status() != c.status {
				t.Errorf("status %s, want %s", n.Status(), c.status)
			}
			if n.Subject() != c.subject {
				t.Errorf("subject %q, want %q", n.Subject(), c.subject)
			}
		})
	}
}

// fullSummary is a summary with entries in every list, from a hostile guest.
func fullSummary() changes.Summary {
	f := facts(
		[][3]string{{old, "TestPunchHole/page", "pass snapshot"}, {old, "TestWrite/small", "pass snapshot"}, {old, "TestUDP", "fail dropped"}, {long, "TestUDP", "pass live"}, {old, "TestGone", "pass"}},
		[][3]string{{newer, "TestPunchHole/page", "fail zeroed"}, {newer, "TestWrite/small", "crash"}, {newer, "TestUDP", "pass snapshot"}, {newer, "TestNew", "fail live"}})
	f.Cells[0].Detail = "0 at offset 0 \x1b[31m<script>alert(1)</script>\r\nBcc: all@example.org"
	f.Cells[1].Detail = strings.Repeat("very long ", 100)
	f.Cells[0].Flaky = "1/3"
	f.Missing = []changes.Missing{{absent, "kernel selector \"6.18\": no kernel matches it; near it: 6.12"}}
	f.Planned = append(f.Planned, results.CellKey{Kernel: newer, FS: "xfs", Test: "splice.TestLate"})
	f.Problems = []string{"the deadline of 20h0m0s passed"}
	f.Unfinished = "the nightly run that began at 2026-11-26 02:30 did not finish: 12 of its 20 cells are stored in run before"
	f.Notes = []string{"nightly runs whose reports were removed: 2"}
	f.Run.Conditions = map[string]string{"qemu": "7.3"}
	return changes.Compare(f)
}

func TestText(t *testing.T) {
	text := fullSummary().Text([]string{"/reports/nightly-20261127-023000/report.html", "/reports/nightly-20261127-023000/report.json"})
	resultstest.Golden(t, "full.txt", func(b *bytes.Buffer) error { b.WriteString(text); return nil })
	for line := range strings.Lines(text) {
		if len(line) > 500 || strings.ContainsAny(line, "\x1b\r") {
			t.Errorf("line %q", line)
		}
	}
	head := strings.Join(strings.SplitAfterN(text, "\n", 11)[:10], "")
	for _, want := range []string{"1 violation, 2 new failures", "report: /reports", "PROBLEM: the deadline", "kernels missing: 6.18", "splice.TestWrite: crash (very long", "1 cell on xfs since " + newer, "splicelab run -k " + newer} {
		if !strings.Contains(head, want) {
			t.Errorf("the first ten lines do not have %q:\n%s", want, head)
		}
	}
}

func TestDocument(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(fullSummary().Document([]string{"/reports/report.html"})); err != nil {
		t.Fatal(err)
	}
	resultstest.Golden(t, "full.json", func(w *bytes.Buffer) error { _, err := b.WriteTo(w); return err })

	f := facts([][3]string{{old, "A", "pass"}}, [][3]string{{old, "A", "fail"}})
	f.Cells[0].Detail, f.Problems = "<!channel> & @Channel", []string{"@here\nnow"}
	if text := changes.Compare(f).Document(nil).Text; !strings.Contains(text, "&lt;!channel&gt; &amp; @ Channel") || !strings.Contains(text, "PROBLEM: @ here now") {
		t.Errorf("a chat service would mention everybody: %s", text)
	}

	// In an empty document no field is missing or null.
	b.Reset()
	if err := e.Encode(changes.Compare(changes.Facts{}).Document(nil)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "null") {
		t.Errorf("null in %s", b.String())
	}
}

// However much changed, the document stays small and has the full counts.
func TestDocumentIsBounded(t *testing.T) {
	var before, after [][3]string
	for i := range 5000 {
		name := "Test" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + strings.Repeat("y", i/50)
		before = append(before, [3]string{old, name, "pass"})
		after = append(after, [3]string{old, name, "fail"})
	}
	n := changes.Compare(facts(before, after))
	text := n.Text(nil)
	if !strings.Contains(text, "and 4980 more: see the report") || strings.Count(text, "\n") > 100 {
		t.Errorf("the text has %d lines", strings.Count(text, "\n"))
	}
	d := n.Document(nil)
	if len(d.NewFailures) != 100 || d.Counts["new_failures"] != 5000 || len(d.Text) > 3100 {
		t.Errorf("the document has %d failures of %d, and %d bytes of text", len(d.NewFailures), d.Counts["new_failures"], len(d.Text))
	}
}

func TestWorth(t *testing.T) {
	bad := changes.Compare(facts([][3]string{{old, "A", "pass"}}, [][3]string{{old, "A", "fail"}})).Digest()
	same := changes.Compare(facts([][3]string{{old, "A", "pass"}}, [][3]string{{old, "A", "pass"}})).Digest()
	again := facts([][3]string{{old, "A", "pass"}}, [][3]string{{old, "A", "fail"}})
	again.Run.ID, again.Run.Seed, again.Cells[0].Detail = "later", 8, "another number"
	missing := facts([][3]string{{old, "A", "pass"}}, [][3]string{{old, "A", "pass"}})
	missing.Missing = []changes.Missing{{absent, "some reason"}}
	hole := changes.Compare(missing).Digest()
	missing.Missing[0].Reason = "another reason"
	for _, c := range []struct {
		name      string
		now, last changes.Digest
		fixed     bool
		worth     bool
	}{
		{"nothing, and nothing before", same, changes.Digest{}, true, false},
		{"nothing, and nothing before, moving", same, changes.Digest{}, false, false},
		{"a failure", bad, same, true, true},
		{"the same failure again", changes.Compare(again).Digest(), bad, true, false},
		{"a failure since the last run, which had another", bad, bad, false, true},
		{"fixed again", same, bad, true, true},
		{"nothing since the last run, which had a failure", same, bad, false, false},
		{"a kernel is missing", hole, same, true, true},
		{"still missing, for another reason", changes.Compare(missing).Digest(), hole, true, false},
		{"still missing, moving", hole, hole, false, false},
		{"back again, moving", same, hole, false, true},
	} {
		if got := c.now.Worth(c.last, c.fixed); got != c.worth {
			t.Errorf("%s: worth a notification %t, want %t", c.name, got, c.worth)
		}
	}
}

// A cell whose history explains its failure is listed, but is no reason to
// notify: else a notification would be sent every night.
func TestFlakesDoNotNotify(t *testing.T) {
	f := facts([][3]string{{old, "A", "pass snapshot"}}, [][3]string{{newer, "A", "fail live"}})
	var asked []string
	f.Assess = func(d *compare.Difference) error {
		for _, k := range d.Unassessed() {
			asked = append(asked, k.Kernel)
		}
		d.Assess(func(results.CellKey) history.Rate { return history.Rate{Failed: 5, Attempts: 20} }, resultstest.BadVerdict)
		return nil
	}
	replaced := changes.Compare(facts([][3]string{{old, "A", "pass snapshot"}}, [][3]string{{newer, "A", "pass snapshot"}})).Digest()
	n := changes.Compare(f)
	if d := cmp.Diff([]string{old}, asked); d != "" {
		t.Error("whose history was requested: " + d)
	}
	if len(n.Worse) > 0 || len(n.Flaky) != 1 || n.Regressed() || n.Digest() != replaced {
		t.Errorf("%d worse, %d flaky, digest %v; without the flake %v", len(n.Worse), len(n.Flaky), n.Digest(), replaced)
	}
	f.Assess = func(*compare.Difference) error { return os.ErrDeadlineExceeded }
	if n := changes.Compare(f); len(n.Worse) != 1 || len(n.Problems) != 1 || n.Whole() {
		t.Errorf("without readable history: %d worse, problems %q", len(n.Worse), n.Problems)
	}
}
