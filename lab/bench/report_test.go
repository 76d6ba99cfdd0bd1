package bench

import (
	"errors"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		samples []float64
		want    float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.samples); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.samples, got, c.want)
		}
	}
}

func TestRatio(t *testing.T) {
	for _, c := range []struct {
		row  Row
		want float64
	}{
		{Row{Samples: []float64{0.5}, Goal: 0.25}, 0.5},
		{Row{Samples: []float64{0.125}, Goal: 0.25}, 2},
		{Row{Samples: []float64{800}, Goal: 400, AtLeast: true}, 2},
		{Row{Samples: []float64{100}, Goal: 400, AtLeast: true}, 0.25},
		{Row{Samples: []float64{100}}, 0},
		{Row{Goal: 400}, 0},
	} {
		if got := c.row.Ratio(); got != c.want {
			t.Errorf("ratio of %+v is %v, want %v", c.row, got, c.want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	r := Report{
		Machine: []Fact{{"CPU", "a|b"}},
		Sections: []Section{{Title: "One", About: "About it.", Rows: []Row{
			{What: "met", Unit: Seconds, Samples: []float64{0.2, 0.1, 0.3}, Goal: 0.4},
			{What: "missed", Unit: PerMinute, Samples: []float64{200}, Goal: 400, AtLeast: true},
			{What: "open", Unit: MiB, Goal: 7, Note: "bad \x1b[31m<thing>"},
			{What: "without", Unit: Seconds, Samples: []float64{2}},
		}}},
	}
	want := `| the machine | |
|---|---|
| CPU | a\|b |

### One

About it.

| what | median | least | most | n | goal | ratio | note |
|---|--:|--:|--:|--:|--:|--:|---|
| met | 200 ms | 100 ms | 300 ms | 3 | ≤ 400 ms | 2.00 |  |
| missed | 200/min | 200/min | 200/min | 1 | ≥ 400/min | 0.50 |  |
| open | not measured |  |  | 0 | ≤ 7 MiB |  | bad CLEAN&lt;thing> |
| without | 2.00 s | 2.00 s | 2.00 s | 1 |  |  |  |

### Goals

Of 3 goals 1 are met.

- Missed: missed: 200/min, the goal is ≥ 400/min.
- Not measured: open.
`
	var b strings.Builder
	if err := r.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if strings.Contains(got, "\x1b") {
		t.Error("an escape sequence got through")
	}
	// How it is made visible is package results' business.
	from := strings.Index(got, "bad ") + len("bad ")
	got = got[:from] + "CLEAN" + got[from+strings.Index(got[from:], "&lt;"):]
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestAllGoalsMet(t *testing.T) {
	r := Report{Sections: []Section{{Rows: []Row{{What: "a", Samples: []float64{1}, Goal: 1}}}}}
	var b strings.Builder
	if err := r.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(b.String(), "All 1 goals are met.\n") {
		t.Errorf("got:\n%s", b.String())
	}
}

func TestSeriesTellsWhatIsMissing(t *testing.T) {
	var s series
	s.add(0, errors.New("first reason"))
	s.add(0, errors.New("second reason"))
	if r := s.row(Row{}); len(r.Samples) != 0 || r.Note != "first reason" {
		t.Errorf("without samples: %+v", r)
	}
	s.add(3, nil)
	if r := s.row(Row{}); len(r.Samples) != 1 || r.Note != "2 more left out: first reason" {
		t.Errorf("with one sample: %+v", r)
	}
}

// The comparison with the floor is of medians, and there is none without each
// of its parts.
func TestOverFloor(t *testing.T) {
	b := &bench{raw: series{samples: []float64{3, 3, 9}}, cold: series{samples: []float64{4.4}}, coldTest: series{samples: []float64{1}}}
	if r := b.overFloor(); len(r.Samples) != 1 || median(r.Samples) != 1.1 {
		t.Errorf("%+v, want 1.1", r)
	}
	b.raw = series{}
	if r := b.overFloor(); len(r.Samples) != 0 || r.Note == "" {
		t.Errorf("without a raw boot: %+v", r)
	}
}

func TestPSS(t *testing.T) {
	const rollup = `55d0c0000000-7ffe00000000 ---p 00000000 00:00 0    [rollup]
Rss:              204800 kB
Pss:              102400 kB
Pss_Anon:          51200 kB
`
	if got, err := pssOf(rollup); err != nil || got != 100 {
		t.Errorf("%v, %v, want 100 MiB", got, err)
	}
	if got, err := pssOf("Rss: 1 kB\nPss_Anon: 1 kB\n"); err == nil {
		t.Errorf("%v of a text without it", got)
	}
}

func TestPlanning(t *testing.T) {
	seconds, mib, err := planning(10_000)
	if err != nil || seconds <= 0 || mib <= 0 {
		t.Errorf("%v s, %v MiB, %v", seconds, mib, err)
	}
	if _, _, err := planning(1234); err == nil {
		t.Error("a plan that has not the cells that were asked for is no error")
	}
}
