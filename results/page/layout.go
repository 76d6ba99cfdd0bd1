package page

import (
	"regexp"
	"strconv"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Layout is what an attempt observed where in the bytes that were spliced: from
// its detail and its covariates, as far as these tell.
type Layout struct {
	Length int64   `json:"length"` // bytes; 0: unknown, and nothing else is set
	Page   int64   `json:"page"`   // bytes of a page; 0: unknown
	Folio  int64   `json:"folio"`  // bytes of the first page's folio; 0: unknown
	Slots  int64   `json:"slots"`  // of the pipe; 0: unknown
	Ranges []Range `json:"ranges"` // in the order reported
	Hole   Hole    `json:"hole"`   // that the test made
}

// Hole is a part of the file that was deallocated or zeroed.
type Hole struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"` // 0: none, or outside the bytes
}

// Range is a part of the bytes with one outcome.
type Range struct {
	Offset  int64           `json:"offset"`
	Length  int64           `json:"length"`
	Outcome outcome.Outcome `json:"outcome"`
}

// maxRanges bounds the ranges that are read from untrusted text. A test reports
// at most eight.
const maxRanges = 32

var (
	rangesOf  = regexp.MustCompile(`(?:[a-z-]+ \d+\+\d+, )*[a-z-]+ \d+\+\d+(?:, and \d+ more runs)? of (\d+)`)
	oneRange  = regexp.MustCompile(`([a-z-]+) (\d+)\+(\d+)`)
	oneHole   = regexp.MustCompile(`^(\d+)\+(\d+)$`)
	unchanged = regexp.MustCompile(`\bunchanged, (\d+) bytes`)
)

// newLayout reads what the tests' oracle reports, such as "zeroed 1024+1024 of
// 16384".
func newLayout(a *results.Attempt) Layout {
	l := Layout{Ranges: []Range{}}
	if m := rangesOf.FindStringSubmatch(a.Detail); m != nil {
		l.Length = number(m[1])
		for _, r := range oneRange.FindAllStringSubmatch(m[0], maxRanges) {
			l.add(number(r[2]), number(r[3]), outcome.Outcome(r[1]))
		}
	} else if m := unchanged.FindStringSubmatch(a.Detail); m != nil {
		l.Length = number(m[1])
		l.add(0, l.Length, outcome.Snapshot)
	}
	if l.Length <= 0 {
		return Layout{Ranges: []Range{}}
	}
	if m := oneHole.FindStringSubmatch(a.Covariates["hole"]); m != nil {
		if offset, length := number(m[1]), number(m[2]); offset < l.Length && length > 0 {
			l.Hole = Hole{offset, min(length, l.Length-offset)}
		}
	}
	if l.Page = number(a.Covariates["page_size"]); l.Page > 0 {
		const mostOrder = 20 // larger than any folio
		if order, err := strconv.Atoi(a.Covariates["folio_order"]); err == nil && order >= 0 && order <= mostOrder {
			l.Folio = l.Page << order
		}
		l.Slots = number(a.Covariates["pipe_size"]) / l.Page
	}
	return l
}

// add adds a range of a known outcome that overlaps the bytes.
func (l *Layout) add(offset, length int64, o outcome.Outcome) {
	if o.Rank() >= 0 && o.Rank() < len(outcome.All) && offset < l.Length && length > 0 {
		l.Ranges = append(l.Ranges, Range{offset, min(length, l.Length-offset), o})
	}
}

// number is a decimal number in untrusted text, 0 if it is none or larger than
// any file of a test.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 1<<40 {
		return 0
	}
	return n
}
