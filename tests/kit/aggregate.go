package kit

import (
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/outcome"
)

// aggregate combines the labelled bytes into one finding: the worst of those that
// are in no history, otherwise what the history says about the whole sample.
func (s *sample) aggregate() Finding {
	f := Finding{Outcome: outcome.Snapshot}
	seen := [len(labelOutcome)]bool{}
	for _, l := range s.labels {
		seen[l] = true
	}
	for l := phantomZero; l <= foreign; l++ {
		if seen[l] {
			f.Outcome = outcome.Worst(f.Outcome, labelOutcome[l])
		}
	}
	if f.Outcome == outcome.Snapshot {
		f = s.coherent()
	}
	f.Detail = s.runs()
	if f.Unit != "" {
		f.Detail = "torn by the " + f.Unit + ": " + f.Detail
	}
	if len(s.notes) > 0 {
		f.Detail += "; " + strings.Join(s.notes, "; ")
	}
	return f
}

// coherent classifies a sample in which every byte is in its history. If one
// version explains the whole sample, that version determines the outcome. If
// each page is explained by a single version but not all by the same, the
// sample is torn between pages; otherwise between sectors or, worse, bytes.
//
// One mixture of pages is not torn: old pages next to zeroed ones. Zero has no
// generation, and a kernel that zeroes the new last page of a file and detaches
// the pages beyond it leaves each page correct; the sample is then as bad as
// its worst part.
func (s *sample) coherent() Finding {
	whole := s.explain(func(a, b int) bool { return false })
	if len(whole) == 1 && whole[0] != outcome.Torn {
		return Finding{Outcome: whole[0]}
	}
	for _, u := range []struct {
		name string
		len  int64
	}{{"page", int64(PageSize)}, {"sector", sectorLen}} {
		parts := s.explain(func(a, b int) bool {
			return s.offs[b] != s.offs[a]+1 || s.offs[b]%u.len == 0
		})
		worst, live := outcome.Snapshot, false
		for _, p := range parts {
			worst = outcome.Worst(worst, p)
			live = live || p == outcome.Live
		}
		switch {
		case worst == outcome.Torn:
			continue
		case u.name == "page" && !live:
			return Finding{Outcome: worst}
		}
		return Finding{Outcome: outcome.Torn, Unit: u.name}
	}
	return Finding{Outcome: outcome.Torn, Unit: "byte", Never: true}
}

// explain cuts the sample before each byte b (after byte a) for which cut
// returns true, and returns the outcome of each part: Torn for a part that no
// single version explains. Unaffected parts are omitted, unless all are.
func (s *sample) explain(cut func(a, b int) bool) []outcome.Outcome {
	var out []outcome.Outcome
	for lo := 0; lo < len(s.data); {
		hi := lo + 1
		for hi < len(s.data) && !cut(hi-1, hi) {
			hi++
		}
		mask, seen := ^uint64(0), uint(0) // seen has a bit for each label: ranking each byte takes most of the time
		for i := lo; i < hi; i++ {
			mask &= s.masks[i]
			seen |= 1 << s.labels[i]
		}
		worst := outcome.Snapshot
		for l, o := range labelOutcome {
			if seen&(1<<l) != 0 {
				worst = outcome.Worst(worst, o)
			}
		}
		switch {
		case seen == 1<<unaffected:
		case mask == 0:
			out = append(out, outcome.Torn)
		case mask&1 != 0:
			out = append(out, outcome.Snapshot)
		default:
			out = append(out, worst)
		}
		lo = hi
	}
	if len(out) == 0 {
		return []outcome.Outcome{outcome.Snapshot}
	}
	return out
}

// runs describes the parts of the sample as offset+length in the file, e.g.
// "zeroed 1024+1024 of 16384". Unaffected bytes count towards the run around
// them, or are omitted.
func (s *sample) runs() string {
	type run struct {
		l        label
		off, end int64
	}
	var runs []run
	for i, l := range s.labels {
		if l == unaffected {
			continue
		}
		o := s.offs[i]
		if n := len(runs); n > 0 && runs[n-1].l == l && o >= runs[n-1].end && s.joined(runs[n-1].end, i) {
			runs[n-1].end = s.offs[s.spread(i, 1)] + 1
			continue
		}
		runs = append(runs, run{l, s.offs[s.spread(i, -1)], o + 1})
	}
	if len(runs) == 0 {
		return fmt.Sprintf("unchanged, %d bytes", len(s.data))
	}
	const most = 8
	var b strings.Builder
	for i, r := range runs {
		if i == most {
			fmt.Fprintf(&b, ", and %d more runs", len(runs)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %d+%d", labelOutcome[r.l], r.off, r.end-r.off)
	}
	fmt.Fprintf(&b, " of %d", len(s.data))
	return b.String()
}

// spread returns how far the run of byte i extends over unaffected bytes of its
// cell, forwards or backwards: some of a pattern's bytes are the same in all
// generations. A run of zeros extends no further than its zeros.
func (s *sample) spread(i, step int) int {
	if s.labels[i] != old && s.labels[i] != later {
		return i
	}
	for {
		j := i + step
		if j < 0 || j >= len(s.labels) || s.labels[j] != unaffected ||
			s.offs[j] != s.offs[i]+int64(step) || s.offs[j]/CellLen != s.offs[i]/CellLen {
			return i
		}
		i = j
	}
}

// joined reports whether there are only unaffected bytes between file offset
// end and byte i of the sample, inside one pattern cell or adjacent to it.
func (s *sample) joined(end int64, i int) bool {
	gap := s.offs[i] - end
	return gap <= CellLen/2 && gap <= int64(i) && (gap == 0 || s.offs[i-int(gap)] == end)
}
