package bisect

import (
	"context"
	"slices"
)

// Point is a decided subject of a line.
type Point struct {
	Index   int
	Subject string
	Side    Side
}

// Boundary is the result of a search over a line.
type Boundary struct {
	// LastGood and FirstBad are the neighbours between which the outcome
	// changes.
	LastGood, FirstBad Point
	// Between are the undecidable subjects between them.
	Between []Point
	// Seen are all decided subjects, in the line's order.
	Seen []Point
}

// Line searches a line of subjects for the place where good becomes bad. The
// first is the good end, the last the bad one; Begin is called for them. samples
// are indices that are tried first: if fixes went to several series, the history
// is not linear. If no single boundary explains the samples, the error is a
// *SeveralError.
func (j *Judge) Line(ctx context.Context, subjects []string, samples []int) (Boundary, error) {
	last := len(subjects) - 1
	l := line{judge: j, subjects: subjects, sides: map[int]Side{0: Good, last: Bad}, samples: samples}
	l.narrow()
	j.bracket.steps += 2 // the ends
	j.decided = func(subject string, side Side) {
		if i := slices.Index(subjects, subject); i > 0 && i < last {
			l.sides[i] = side
			l.narrow()
		}
	}
	if err := j.Begin(ctx, subjects[0], subjects[last], len(samples)+Steps(len(subjects))); err != nil {
		return Boundary{}, err
	}
	for _, i := range samples {
		if err := l.look(ctx, i); err != nil {
			return Boundary{}, err
		}
	}
	if !l.single() {
		return Boundary{}, &SeveralError{Samples: l.points(), Terms: j.Journal.Terms()}
	}
	for {
		low, high := l.ends()
		next := l.middle(low, high)
		if next < 0 {
			b := Boundary{LastGood: l.point(low), FirstBad: l.point(high), Seen: l.points()}
			for i := low + 1; i < high; i++ {
				b.Between = append(b.Between, l.point(i))
			}
			return b, nil
		}
		if err := l.look(ctx, next); err != nil {
			return Boundary{}, err
		}
		if !l.single() {
			return Boundary{}, &SeveralError{Samples: l.points(), Terms: j.Journal.Terms()}
		}
	}
}

type line struct {
	judge    *Judge
	subjects []string
	sides    map[int]Side
	samples  []int // are tried first
}

// narrow updates the judge's bracket.
func (l *line) narrow() {
	low, high := l.ends()
	last := float64(len(l.subjects) - 1)
	b := bracket{good: l.subjects[low], bad: l.subjects[high], low: float64(low) / last, high: float64(high) / last}
	for i := low + 1; i < high; i++ {
		if _, known := l.sides[i]; !known {
			b.between++
		}
	}
	for _, i := range l.samples {
		if _, known := l.sides[i]; !known {
			b.steps++
		}
	}
	b.steps += stepsFor(b.between / max(1, b.steps)) // samples divide the line
	b.at = func(subject string) float64 {
		if i := slices.Index(l.subjects, subject); i >= 0 {
			return float64(i) / last
		}
		return -1
	}
	l.judge.bracket = b
}

func (l *line) look(ctx context.Context, i int) error {
	if _, known := l.sides[i]; known {
		return nil
	}
	s, err := l.judge.Side(ctx, l.subjects[i])
	if err == nil {
		l.sides[i] = s
	}
	return err
}

func (l *line) point(i int) Point { return Point{i, l.subjects[i], l.sides[i]} }

// points are the decided subjects in order.
func (l *line) points() []Point {
	var all []Point
	for i := range l.subjects {
		if _, known := l.sides[i]; known {
			all = append(all, l.point(i))
		}
	}
	return all
}

// single reports whether no good subject follows a bad one.
func (l *line) single() bool {
	bad := false
	for _, p := range l.points() {
		if bad && p.Side == Good {
			return false
		}
		bad = bad || p.Side == Bad
	}
	return true
}

// ends are the last good and the first bad subject.
func (l *line) ends() (low, high int) {
	high = len(l.subjects) - 1
	for _, p := range l.points() {
		switch p.Side {
		case Good:
			low = p.Index
		case Bad:
			high = min(high, p.Index)
		}
	}
	return low, high
}

// middle is the undecided subject nearest to the midpoint of two, or -1.
func (l *line) middle(low, high int) int {
	var open []int
	for i := low + 1; i < high; i++ {
		if _, known := l.sides[i]; !known {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return -1
	}
	mid := (low + high) / 2
	return slices.MinFunc(open, func(a, b int) int { return abs(a-mid) - abs(b-mid) })
}

func abs(x int) int { return max(x, -x) }
