package results

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/splicelab/splicelab/outcome"
)

// Phase is one part of an attempt's Timing.
type Phase struct {
	Name string
	Doc  string // what happened meanwhile
	of   func(*Timing) *time.Duration
}

// Phases are the parts of a Timing, in the order in which they pass.
var Phases = [...]Phase{
	{"queue", "a prepared VM waited for its turn", func(t *Timing) *time.Duration { return &t.Queue }},
	{"spawn", "QEMU started", func(t *Timing) *time.Duration { return &t.Spawn }},
	{"restore", "the template's state was loaded", func(t *Timing) *time.Duration { return &t.Restore }},
	{"boot", "the kernel booted and the filesystem was mounted", func(t *Timing) *time.Duration { return &t.Boot }},
	{"agent", "the test's process was started or released", func(t *Timing) *time.Duration { return &t.Agent }},
	{"test", "the test ran", func(t *Timing) *time.Duration { return &t.Test }},
	{"collect", "output and kernel log came to their end", func(t *Timing) *time.Duration { return &t.Collect }},
}

// In returns how long the phase took.
func (p Phase) In(t Timing) time.Duration { return *p.of(&t) }

// Sum is all that the attempt took, but for waiting in the queue.
func (t Timing) Sum() time.Duration {
	return t.Spawn + t.Restore + t.Boot + t.Agent + t.Test + t.Collect
}

// Came says how the cell got its VM: "restored", "booted", or "shared" with
// the cell before it; empty when the time was not stored.
func (t Timing) Came() string {
	switch {
	case t == Timing{}:
		return ""
	case t.Restore > 0:
		return "restored"
	case t.Boot > 0:
		return "booted"
	}
	return "shared"
}

// PhaseTimes is what one phase took in many attempts.
type PhaseTimes struct {
	Phase
	N                     int // attempts in which it took any time
	Median, P90, Max, Sum time.Duration
}

// TimeUse is where the time of a run's attempts went.
type TimeUse struct {
	Attempts int // those whose time is known
	Infra    int // how many of them were infra
	Unknown  int
	Came     map[string]int
	Phases   []PhaseTimes
	Sum      time.Duration // of all phases but the queue
}

// UseOfTime adds up where the time of all attempts at these cells went.
func UseOfTime(cells []Cell) TimeUse {
	u := TimeUse{Came: map[string]int{}}
	each := make([][]time.Duration, len(Phases))
	add := func(a *Attempt) {
		came := a.Timing.Came()
		if came == "" {
			u.Unknown++
			return
		}
		u.Attempts++
		u.Came[came]++
		if a.Verdict == outcome.Infra {
			u.Infra++
		}
		u.Sum += a.Timing.Sum()
		for i, p := range Phases {
			if d := p.In(a.Timing); d > 0 {
				each[i] = append(each[i], d)
			}
		}
	}
	for i := range cells {
		add(&cells[i].Attempt)
		for j := range cells[i].Others {
			add(&cells[i].Others[j])
		}
	}
	for i, p := range Phases {
		times := each[i]
		slices.Sort(times)
		t := PhaseTimes{Phase: p, N: len(times)}
		if n := len(times); n > 0 {
			t.Median, t.P90, t.Max = times[n/2], times[min(n-1, n*9/10)], times[n-1]
		}
		for _, d := range times {
			t.Sum += d
		}
		u.Phases = append(u.Phases, t)
	}
	return u
}

// slowest is how many cells WriteTiming lists.
const slowest = 10

// WriteTiming tells where the time of a run went.
func WriteTiming(w io.Writer, r Run, cells []Cell) error {
	b := new(bytes.Buffer)
	u := UseOfTime(cells)
	fmt.Fprintf(b, "run %s: %s", CleanLine(r.ID), plural(len(cells), "cell"))
	if took := r.Took(); took > 0 {
		fmt.Fprintf(b, " in %s, %.0f a minute", took.Round(time.Second), float64(len(cells))/took.Minutes())
	}
	b.WriteByte('\n')
	if u.Attempts == 0 {
		fmt.Fprintln(b, "where its time went was not stored: the run is older than that, or none of its cells ran")
		_, err := b.WriteTo(w)
		return err
	}
	fmt.Fprintf(b, "%s: %d in restored VMs, %d in booted ones, %d in a VM that was there",
		plural(u.Attempts, "attempt"), u.Came["restored"], u.Came["booted"], u.Came["shared"])
	if u.Infra > 0 {
		fmt.Fprintf(b, "; %d infra", u.Infra)
	}
	if u.Unknown > 0 {
		fmt.Fprintf(b, "; of %d more it is not known", u.Unknown)
	}
	b.WriteString("\n\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "PHASE\tTIMES\tMEDIAN\t90 %\tMOST\tTOTAL\tSHARE\t")
	for _, p := range u.Phases {
		share := "-" // waiting costs nothing
		if p.Name != "queue" {
			share = fmt.Sprintf("%.0f %%", 100*p.Sum.Seconds()/max(u.Sum.Seconds(), 1e-9))
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", p.Name, p.N, ms(p.Median), ms(p.P90), ms(p.Max), p.Sum.Round(10*time.Millisecond), share)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	b.WriteString("\nslowest:\n")
	order := slices.Clone(cells)
	slices.SortStableFunc(order, func(x, y Cell) int { return cmp.Compare(y.Timing.Sum(), x.Timing.Sum()) })
	for _, c := range order[:min(slowest, len(order))] {
		fmt.Fprintf(b, "  %s  %s:", ms(c.Timing.Sum()), CleanLine(c.CellKey.String()))
		for _, p := range Phases {
			if d := p.In(c.Timing); d >= time.Millisecond {
				fmt.Fprintf(b, " %s %s", p.Name, ms(d))
			}
		}
		b.WriteByte('\n')
	}
	_, err := b.WriteTo(w)
	return err
}

func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
}

// durationRuns is how many of the newest finished runs Durations looks at:
// enough that a cell which the last run left out is still known, and few
// enough that planning does not read the whole history.
const durationRuns = 3

// Durations tells how long each cell took when it last came to a verdict, in
// the newest finished runs.
func (s *Store) Durations(ctx context.Context) (map[CellKey]time.Duration, error) {
	ids, err := s.ids(ctx, ` WHERE finished <> 0 ORDER BY started DESC, id DESC`)
	if err != nil {
		return nil, err
	}
	took := map[CellKey]time.Duration{}
	for _, id := range slices.Backward(ids[:min(durationRuns, len(ids))]) {
		rows, err := s.read.QueryContext(ctx, `SELECT kernel, fs, test, duration FROM attempt WHERE run = ? AND verdict <> 'infra'`, id)
		if err != nil {
			return nil, s.explain(err)
		}
		for rows.Next() {
			var k CellKey
			var d time.Duration
			if err := rows.Scan(&k.Kernel, &k.FS, &k.Test, &d); err != nil {
				_ = rows.Close()
				return nil, s.explain(err)
			}
			took[k] = d
		}
		if err := cmp.Or(rows.Err(), rows.Close()); err != nil {
			return nil, s.explain(err)
		}
	}
	return took, nil
}
