package drive

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
)

func entry(release string) kernels.Entry {
	v, err := kernelversion.Parse(release)
	if err != nil {
		panic(err)
	}
	return kernels.Entry{Release: release, Version: v}
}

func TestSeriesEnds(t *testing.T) {
	var line []kernels.Entry
	for _, r := range []string{"5.10.1", "5.10.2", "5.10.3", "6.1.1", "6.6.1", "6.6.2", "6.6.3", "6.12.1", "6.12.2"} {
		line = append(line, entry(r))
	}
	if d := cmp.Diff([]int{2, 3, 4, 6, 7}, seriesEnds(line)); d != "" {
		t.Error(d)
	}
	if got := seriesEnds(line[:3]); got != nil {
		t.Errorf("one series: %v", got)
	}
}

func TestMentioned(t *testing.T) {
	changes := []debian.Change{
		{Version: "2", Lines: []string{"- xfs: fix a hole", "- usb: pipes leak", "- xfsprogs is another thing", "- Splice: it"}},
		{Version: "1", Lines: []string{"- net: nothing"}},
	}
	want := []debian.Change{{Version: "2", Lines: []string{"- xfs: fix a hole", "- Splice: it"}}}
	if d := cmp.Diff(want, mentioned(changes, []string{"xfs", "splice", "pipe:"})); d != "" {
		t.Error(d)
	}
}

func TestDrawLine(t *testing.T) {
	j, err := bisect.OpenJournal(t.TempDir(), map[string]string{}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	snapshot, live := bisect.Seen{Verdict: outcome.Pass, Outcome: outcome.Snapshot}, bisect.Seen{Verdict: outcome.Fail, Outcome: outcome.Live}
	for release, seen := range map[string]bisect.Seen{"5.10.1": snapshot, "6.1.1": snapshot, "6.1.2": {Verdict: outcome.BootFail}, "6.1.3": live, "6.1.5": live} {
		if err := j.Add(release, []bisect.Seen{seen}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.SetTerms(bisect.Terms{Good: "snapshot", Bad: "live"}); err != nil {
		t.Fatal(err)
	}
	p := &packageAnswer{judge: &bisect.Judge{Journal: j}, driver: &driver{journal: j, test: "s.T", tests: session.Selection{Profiles: []images.Profile{{Name: "xfs"}}}}}
	for _, r := range []string{"5.10.1", "5.10.2", "6.1.1", "6.1.2", "6.1.3", "6.1.4", "6.1.5"} {
		p.line = append(p.line, entry(r))
	}
	point := func(i int, s bisect.Side) bisect.Point {
		return bisect.Point{Index: i, Subject: p.line[i].Release, Side: s}
	}
	p.boundary = bisect.Boundary{
		LastGood: point(2, bisect.Good), FirstBad: point(4, bisect.Bad), Between: []bisect.Point{point(3, bisect.Neither)},
		Seen: []bisect.Point{point(0, bisect.Good), point(2, bisect.Good), point(3, bisect.Neither), point(4, bisect.Bad), point(6, bisect.Bad)},
	}
	var b strings.Builder
	p.draw(&b, false)
	want := `  5.10   S·
  6.1    Sb|L·L
  one letter per kernel in version order, · not tried, | the boundary: b boot-fail, S snapshot, L live

`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	b.Reset()
	p.draw(&b, true)
	if !strings.Contains(b.String(), "\x1b[32mS\x1b[0m\x1b[33mb\x1b[0m|\x1b[31mL\x1b[0m") {
		t.Errorf("colours: %q", b.String())
	}
	b.Reset()
	p.write(&b)
	for _, want := range []string{"s.T on xfs: snapshot becomes live between\n", "between them 6.1.2, inconclusive: boot-fail 1/1"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %s", want, b.String())
		}
	}
	p.boundary.Seen = append(p.boundary.Seen[:0], point(0, bisect.Good), point(2, bisect.Bad), point(6, bisect.Good))
	if got := p.differing(); len(got) != 1 || got[0] != "6.1" {
		t.Errorf("differing: %v", got)
	}
}
