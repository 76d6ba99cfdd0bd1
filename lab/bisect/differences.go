package bisect

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Differences searches the numbered differences of two subjects for a minimal
// set that causes the change of the outcome: with these alone the good end is
// bad, and without any one of them it is not.
//
// A subject is a set of differences, in the notation of FormatSet: none is the
// good end, all are the bad one.
type Differences struct {
	Judge *Judge
	// N is the number of differences, above zero.
	N int
	// Untaken returns the members of a set that have no effect, because a
	// dependency is not in the set. It must be cheap and try no subject.
	Untaken func(ctx context.Context, set []int) ([]int, error)
}

// Found is the result of a search of differences.
type Found struct {
	// Set is minimal; Needed are its members that are only dependencies of
	// others.
	Set, Needed []int
	// Rest is where the bad end lies without the set.
	Rest Side
}

// Search finds the set and verifies it. Errors are those of Judge.Begin, and
// *ContradictionError.
func (d *Differences) Search(ctx context.Context) (Found, error) {
	all := upTo(d.N)
	d.Judge.bracket.between = d.N - 1
	if err := d.Judge.Begin(ctx, FormatSet(nil), FormatSet(all), 2*Steps(d.N+1)+2); err != nil {
		return Found{}, err
	}
	d.Judge.decided = func(string, Side) { d.Judge.bracket.between /= 2 }
	var found Found
	set, err := d.least(ctx, nil, d.bad, func(set []int, last int) ([]int, error) {
		// The dependencies of the last one are found without trying anything.
		return d.least(ctx, set, func(ctx context.Context, set []int) (bool, error) {
			untaken, err := d.Untaken(ctx, set)
			return !slices.Contains(untaken, last), err
		}, nil)
	})
	if err != nil {
		return Found{}, err
	}
	if found.Set, err = d.smallest(ctx, set); err != nil {
		return Found{}, err
	}
	for _, i := range found.Set {
		untaken, err := d.Untaken(ctx, except(found.Set, i))
		if err != nil {
			return Found{}, err
		}
		if len(untaken) > 0 {
			found.Needed = append(found.Needed, i)
		}
	}
	if err := d.Judge.Verify(ctx, FormatSet(found.Set), Bad); err != nil {
		return Found{}, err
	}
	if err := d.Judge.Verify(ctx, FormatSet(nil), Good); err != nil {
		return Found{}, err
	}
	found.Rest, err = d.Judge.Side(ctx, FormatSet(except(all, found.Set...)))
	return found, err
}

// bad reports whether a set makes the good end bad.
func (d *Differences) bad(ctx context.Context, set []int) (bool, error) {
	s, err := d.Judge.Side(ctx, FormatSet(set))
	return s == Bad, err
}

// least grows set until holds is true of it. Each step searches for the shortest
// prefix of the differences that suffices together with the set; the last one of
// that prefix is needed. grown, if not nil, may extend a set that has just grown
// by one.
func (d *Differences) least(ctx context.Context, set []int, holds func(context.Context, []int) (bool, error), grown func(set []int, last int) ([]int, error)) ([]int, error) {
	high := d.N
	for {
		ok, err := holds(ctx, set)
		if ok || err != nil {
			return set, err
		}
		low := 0
		for high-low > 1 {
			if grown != nil {
				b := &d.Judge.bracket
				b.between, b.steps, b.low, b.high = high-low-1, stepsFor(high-low-1), float64(low)/float64(d.N), float64(high)/float64(d.N)
			}
			mid := (low + high) / 2
			switch ok, err := holds(ctx, union(set, upTo(mid))); {
			case err != nil:
				return nil, err
			case ok:
				high = mid
			default:
				low = mid
			}
		}
		last := high - 1
		if slices.Contains(set, last) {
			return nil, fmt.Errorf("difference %d was already added: the results for a set of differences are not reproducible", last)
		}
		set = union(set, []int{last})
		if grown == nil {
			continue
		}
		if set, err = grown(set, last); err != nil {
			return nil, err
		}
	}
}

// smallest removes what the set does not need.
func (d *Differences) smallest(ctx context.Context, set []int) ([]int, error) {
	for _, i := range set {
		if len(set) == 1 {
			break
		}
		fewer := except(set, i)
		switch ok, err := d.bad(ctx, fewer); {
		case err != nil:
			return nil, err
		case ok:
			set = fewer
		}
	}
	return set, nil
}

// upTo is 0 to n-1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// except is a set without some of its numbers.
func except(set []int, gone ...int) []int {
	return slices.DeleteFunc(slices.Clone(set), func(i int) bool { return slices.Contains(gone, i) })
}

// union is a sorted set of both.
func union(a, b []int) []int {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// FormatSet writes a sorted set of numbers, such as "0-17 23"; none is "none".
func FormatSet(set []int) string {
	if len(set) == 0 {
		return "none"
	}
	var parts []string
	for i := 0; i < len(set); {
		j := i
		for j+1 < len(set) && set[j+1] == set[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(set[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", set[i], set[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, " ")
}

// ParseSet reads what FormatSet writes.
func ParseSet(text string) ([]int, error) {
	if text == "none" {
		return nil, nil
	}
	var set []int
	for part := range strings.FieldsSeq(text) {
		var low, high int
		if n, _ := fmt.Sscanf(part, "%d-%d", &low, &high); n < 2 {
			if n == 0 {
				return nil, fmt.Errorf("%q is not a set of differences", text)
			}
			high = low
		}
		for i := low; i <= high; i++ {
			set = append(set, i)
		}
	}
	return set, nil
}
