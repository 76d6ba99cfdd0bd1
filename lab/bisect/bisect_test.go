package bisect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

var (
	snapshot = Seen{outcome.Pass, outcome.Snapshot}
	live     = Seen{outcome.Fail, outcome.Live}
	dead     = Seen{Verdict: outcome.BootFail}
)

// history simulates a list of kernels: what each shows, attempt by attempt.
type history struct {
	show   func(i int) Seen
	fail   map[int]error
	tried  int
	visits []int
}

func (h *history) Try(_ context.Context, subject string, n int) ([]Seen, error) {
	var i int
	if _, err := fmt.Sscanf(subject, "k%d", &i); err != nil {
		return nil, err
	}
	h.visits = append(h.visits, i)
	if err := h.fail[i]; err != nil {
		return nil, err
	}
	seen := make([]Seen, n)
	for t := range seen {
		seen[t] = h.show(i)
	}
	h.tried += n
	return seen, nil
}

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("k%d", i)
	}
	return all
}

func newJudge(t testing.TB, dir string, h *history, confidence float64) *Judge {
	t.Helper()
	j, err := OpenJournal(dir, map[string]string{"test": t.Name()}, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return &Judge{Trier: h, Journal: j, Confidence: confidence, Budget: 100}
}

// from shows live from a place on, and snapshot before it.
func from(place int) func(int) Seen {
	return func(i int) Seen {
		if i >= place {
			return live
		}
		return snapshot
	}
}

func TestLineFindsEveryBoundary(t *testing.T) {
	for n := 2; n < 20; n++ {
		for place := 1; place < n; place++ {
			h := &history{show: from(place)}
			j := newJudge(t, t.TempDir(), h, 0.99)
			b, err := j.Line(t.Context(), names(n), nil)
			if err != nil {
				t.Fatalf("%d of %d: %v", place, n, err)
			}
			if b.FirstBad.Index != place || b.LastGood.Index != place-1 || len(b.Between) != 0 {
				t.Errorf("%d of %d: found %d..%d", place, n, b.LastGood.Index, b.FirstBad.Index)
			}
			if s := j.Sureness(); s < 0.99 || s >= 1 {
				t.Errorf("%d of %d: sure by %v", place, n, s)
			}
			if got := j.Journal.Terms().String(); got != "snapshot..live" {
				t.Errorf("terms %s", got)
			}
		}
	}
}

// A bad mark that shows in only 30 % of attempts is found with the requested
// confidence.
func TestFlakyBoundary(t *testing.T) {
	const searches, length, rate, confidence = 1000, 64, 0.3, 0.95
	right, tried := 0, 0
	sum := 0.0
	for i := range searches {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		place := 1 + r.IntN(length-1)
		h := &history{show: func(i int) Seen {
			if i >= place && r.Float64() < rate {
				return live
			}
			return snapshot
		}}
		journal := &Journal{record: record{Tallies: map[string]Tally{}, Untestable: map[string]string{}}}
		j := &Judge{Trier: h, Journal: journal, Confidence: confidence, Budget: 100}
		b, err := j.Line(t.Context(), names(length), nil)
		if err != nil {
			t.Fatal(err)
		}
		if b.FirstBad.Index == place {
			right++
		}
		sum += j.Sureness()
		tried += h.tried
	}
	t.Logf("%d of %d right, sure by %.3f in the mean, %d attempts a search", right, searches, sum/searches, tried/searches)
	if float64(right) < confidence*searches {
		t.Errorf("%d of %d right, wanted %v", right, searches, confidence)
	}
	if sum/searches < confidence {
		t.Errorf("sure by %v in the mean, wanted %v", sum/searches, confidence)
	}
}

func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		show  func(int) Seen
		terms string
		want  string
		as    any
	}{
		"no change":             {func(int) Seen { return live }, "", "no change between k0 (live 10/10) and k9 (live 100/100); one that shows in fewer than 4.5 %", new(*NoChangeError)},
		"no change, with terms": {from(99), "snapshot..live", "no change snapshot..live between k0 (snapshot 10/10) and k9 (snapshot 100/100)", new(*NoChangeError)},
		"swapped": {func(i int) Seen {
			if i == 9 {
				return snapshot
			}
			return live
		}, "", "good and bad are swapped: k0, the good end, shows live 10/10, and k9, the bad end, shows snapshot 10/10", new(*SwappedError)},
		"swapped, with terms": {from(1), "live..snapshot", "good and bad are swapped: k0, the good end, shows snapshot 10/10, and k9, the bad end, shows live 10/10", new(*SwappedError)},
		"good end shows it": {func() func(int) Seen {
			n := 0
			return func(i int) Seen {
				n++
				if i == 9 || n%11 == 0 {
					return live
				}
				return snapshot
			}
		}(), "snapshot..live", "k0, the good end, shows live too", new(*UnsteadyEndError)},
		"good end shows neither": {from(1), "zeroed..live", "k0, the good end, does not show zeroed but snapshot 10/10", new(*UnsteadyEndError)},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJudge(t, t.TempDir(), &history{show: c.show}, 0.99)
			if c.terms != "" {
				terms, err := ParseTerms(c.terms)
				if err != nil {
					t.Fatal(err)
				}
				if err := j.Journal.SetTerms(terms); err != nil {
					t.Fatal(err)
				}
			}
			_, err := j.Line(t.Context(), names(10), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, c.as) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestNeither(t *testing.T) {
	// Two that do not boot and one that does not build lie around the boundary.
	show := func(i int) Seen {
		if i == 5 || i == 6 {
			return dead
		}
		return from(6)(i)
	}
	h := &history{show: show, fail: map[int]error{7: &UntestableError{"it does not build"}}}
	j := newJudge(t, t.TempDir(), h, 0.99)
	b, err := j.Line(t.Context(), names(12), nil)
	if err != nil {
		t.Fatal(err)
	}
	if b.LastGood.Index != 4 || b.FirstBad.Index != 8 || len(b.Between) != 3 {
		t.Errorf("%+v", b)
	}
	if r := j.Journal.Untestable("k7"); r != "it does not build" {
		t.Errorf("k7: %q", r)
	}
}

func TestSeveralBoundaries(t *testing.T) {
	// A fix in an old series: good, bad, good again, bad.
	show := func(i int) Seen {
		if i >= 3 && i < 8 || i >= 14 {
			return live
		}
		return snapshot
	}
	j := newJudge(t, t.TempDir(), &history{show: show}, 0.99)
	_, err := j.Line(t.Context(), names(20), []int{5, 6, 10, 11})
	var several *SeveralError
	if !errors.As(err, &several) || len(several.Samples) != 6 {
		t.Errorf("%v", err)
	}
}

// A killed search resumes from its journal and tries nothing twice.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	whole := &history{show: from(23)}
	if _, err := newJudge(t, t.TempDir(), whole, 0.99).Line(t.Context(), names(40), nil); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for at := 1; ; at++ {
		h := &history{show: from(23), fail: map[int]error{}}
		stop := &stopper{history: h, after: 1}
		journal, err := OpenJournal(dir, map[string]string{"q": "1"}, false)
		if err != nil {
			t.Fatal(err)
		}
		if (at > 1) != journal.Resumed {
			t.Errorf("visit %d: resumed %v", at, journal.Resumed)
		}
		if _, err := OpenJournal(dir, map[string]string{"q": "1"}, false); err == nil || !strings.Contains(err.Error(), "another splicelab") {
			t.Errorf("two at once: %v", err)
		}
		j := &Judge{Trier: stop, Journal: journal, Confidence: 0.99, Budget: 100}
		b, err := j.Line(t.Context(), names(40), nil)
		tried += h.tried
		if cerr := journal.Close(); cerr != nil {
			t.Fatal(cerr)
		}
		if err == nil {
			if b.FirstBad.Index != 23 {
				t.Errorf("found %d", b.FirstBad.Index)
			}
			break
		}
		if !errors.Is(err, errKilled) || at > 50 {
			t.Fatal(err)
		}
	}
	if tried != whole.tried {
		t.Errorf("%d attempts in pieces, %d at once", tried, whole.tried)
	}
}

var errKilled = errors.New("killed")

// stopper interrupts a search after some visits.
type stopper struct {
	*history
	after int
}

func (s *stopper) Try(ctx context.Context, subject string, n int) ([]Seen, error) {
	if s.after == 0 {
		return nil, errKilled
	}
	s.after--
	return s.history.Try(ctx, subject, n)
}

func TestJournalCorrupt(t *testing.T) {
	dir := t.TempDir()
	q := map[string]string{"a": "b"}
	j, err := OpenJournal(dir, q, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Add("k1", []Seen{live}); err != nil {
		t.Fatal(err)
	}
	path := j.path
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(dir, q, false); !errors.As(err, new(*JournalError)) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	j, err = OpenJournal(dir, q, true)
	if err != nil {
		t.Fatal(err)
	}
	if j.Resumed || j.Tally("k1").Tries() != 0 {
		t.Error("a fresh journal is not empty")
	}
	_ = j.Close()
}

// The lab's own faults do not count; if there is nothing else, the search ends.
func TestNoVerdicts(t *testing.T) {
	j := newJudge(t, t.TempDir(), nil, 0.99)
	j.Trier = empty{}
	if _, err := j.Line(t.Context(), names(4), nil); err == nil || !strings.Contains(err.Error(), "lab's own fault") {
		t.Errorf("%v", err)
	}
}

type empty struct{}

func (empty) Try(context.Context, string, int) ([]Seen, error) { return nil, nil }

func TestDetection(t *testing.T) {
	for _, c := range []struct {
		d    Detection
		n    int
		want float64
	}{
		{Detection{10, 10}, 1, 1. / 12},
		{Detection{10, 10}, 2, 1. / 12 * 2 / 13},
		{Detection{0, 0}, 1, 1. / 2},
		{Detection{300, 1000}, 10, math.Pow(0.7, 10)},
	} {
		if got := c.d.Miss(c.n); math.Abs(got-c.want) > 0.01*c.want+1e-3 {
			t.Errorf("%v misses %d: %v, want %v", c.d, c.n, got, c.want)
		}
	}
	d := Detection{10, 10}
	if n := d.Need(0.01/7, 100); d.Miss(n) > 0.01/7 || d.Miss(n-1) <= 0.01/7 {
		t.Errorf("need %d", n)
	}
	if n := (Detection{0, 100}).Need(0.01, 100); n != 100 {
		t.Errorf("need %d beyond the limit", n)
	}
}

func TestParseTerms(t *testing.T) {
	for text, want := range map[string]string{
		"snapshot..zeroed": "", "pass..crash": "", "live": "write GOOD..BAD", "live..live": "the same",
		"live..infra": "neither an outcome", "sanpshot..live": "neither an outcome",
	} {
		got, err := ParseTerms(text)
		switch {
		case want == "" && (err != nil || got.String() != text):
			t.Errorf("%s: %v, %v", text, got, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", text, err)
		}
	}
}
