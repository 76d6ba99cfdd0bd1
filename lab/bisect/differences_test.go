package bisect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// options simulates a configuration. If all options in flip take effect, the
// outcome changes; an option takes effect if all its dependencies do.
type options struct {
	flip    []int
	depends map[int][]int
	broken  func(set []int) bool // does not build
	tried   int
}

func (o *options) taken(set []int) []int {
	var takes func(i int) bool
	takes = func(i int) bool {
		return slices.Contains(set, i) && !slices.ContainsFunc(o.depends[i], func(d int) bool { return !takes(d) })
	}
	return slices.DeleteFunc(slices.Clone(set), func(i int) bool { return !takes(i) })
}

func (o *options) untaken(_ context.Context, set []int) ([]int, error) {
	taken := o.taken(set)
	return slices.DeleteFunc(slices.Clone(set), func(i int) bool { return slices.Contains(taken, i) }), nil
}

func (o *options) identify(_ context.Context, subject string) (string, error) {
	set, err := ParseSet(subject)
	if err != nil {
		return "", err
	}
	if o.broken != nil && o.broken(o.taken(set)) {
		return "", &UntestableError{"it does not build"}
	}
	return fmt.Sprint(o.taken(set)), nil
}

func (o *options) Try(_ context.Context, subject string, n int) ([]Seen, error) {
	set, err := ParseSet(subject)
	if err != nil {
		return nil, err
	}
	o.tried++
	for _, i := range o.flip {
		if !slices.Contains(o.taken(set), i) {
			return slices.Repeat([]Seen{snapshot}, n), nil
		}
	}
	return slices.Repeat([]Seen{live}, n), nil
}

func (o *options) search(t *testing.T, n int) (Found, error) {
	t.Helper()
	j := &Journal{record: record{Tallies: map[string]Tally{}, Untestable: map[string]string{}}}
	d := &Differences{Judge: &Judge{Trier: o, Identify: o.identify, Journal: j, Confidence: 0.99, Budget: 100}, N: n, Untaken: o.untaken}
	return d.Search(t.Context())
}

func TestDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		o    options
		want Found
	}{
		"one":          {options{flip: []int{17}}, Found{Set: []int{17}, Rest: Good}},
		"the first":    {options{flip: []int{0}}, Found{Set: []int{0}, Rest: Good}},
		"the last":     {options{flip: []int{39}}, Found{Set: []int{39}, Rest: Good}},
		"two together": {options{flip: []int{3, 30}}, Found{Set: []int{3, 30}, Rest: Good}},
		"dependencies": {options{flip: []int{20}, depends: map[int][]int{20: {5, 33}, 5: {2}}}, Found{Set: []int{2, 5, 20, 33}, Needed: []int{2, 5, 33}, Rest: Good}},
		"some do not build": {options{flip: []int{17}, broken: func(set []int) bool { return slices.Contains(set, 9) && !slices.Contains(set, 25) }},
			Found{Set: []int{17}, Rest: Good}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := c.o.search(t, 40)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, found); d != "" {
				t.Error(d)
			}
		})
	}
	var none *NoChangeError
	if _, err := (&options{flip: []int{99}}).search(t, 40); !errors.As(err, &none) {
		t.Errorf("no change: %v", err)
	}
}

// Whatever the differences are, the set found is bad and minimal.
func TestDifferencesAreMinimal(t *testing.T) {
	for i := range 200 {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		n := 2 + r.IntN(60)
		o := &options{depends: map[int][]int{}}
		for k := range n {
			for range r.IntN(3) {
				if k > 0 && r.IntN(3) == 0 {
					o.depends[k] = append(o.depends[k], r.IntN(k))
				}
			}
		}
		for range 1 + r.IntN(3) {
			o.flip = append(o.flip, r.IntN(n))
		}
		found, err := o.search(t, n)
		if err != nil {
			t.Fatal(err)
		}
		bad := func(set []int) bool {
			seen, err := o.Try(t.Context(), FormatSet(set), 1)
			return err == nil && seen[0] == live
		}
		if !bad(found.Set) {
			t.Fatalf("%d: %v is not bad, of %+v", i, found.Set, o)
		}
		for _, e := range found.Set {
			if bad(slices.DeleteFunc(slices.Clone(found.Set), func(j int) bool { return j == e })) {
				t.Errorf("%d: %v does not need %d, of %+v", i, found.Set, e, o)
			}
		}
	}
}

func TestSets(t *testing.T) {
	for _, set := range [][]int{nil, {0}, {3, 4, 5}, {0, 1, 7, 9, 10}} {
		got, err := ParseSet(FormatSet(set))
		if d := cmp.Diff(set, got); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", FormatSet(set), err, d)
		}
	}
	if _, err := ParseSet("x"); err == nil {
		t.Error("x is parsed as a set")
	}
}
