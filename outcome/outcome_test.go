package outcome

import (
	"slices"
	"strings"
	"testing"
)

// What each policy accepts, as in the table of docs/semantics.md; legal is
// whether any policy accepts the outcome.
func TestPolicies(t *testing.T) {
	table := []struct {
		o                      Outcome
		snapshot, alias, legal bool
	}{
		{Snapshot, true, true, true},
		{Live, false, true, true},
		{Zeroed, false, true, true},
		{Torn, false, true, true},
		{Blocked, false, false, true},
		{Dropped, false, true, true},
		{Error, false, true, true},
		{Short, false, false, false},
		{Extra, false, false, false},
		{PhantomZero, false, false, false},
		{Moved, false, false, false},
		{Stale, false, false, false},
		{ConsumerWrite, false, false, false},
		{Foreign, false, false, false},
		{None, false, false, false},
		{"nonsense", false, false, false},
	}
	var seen []Outcome
	for _, row := range table {
		seen = append(seen, row.o)
		if got := PolicySnapshot.Accepts(row.o); got != row.snapshot {
			t.Errorf("policy snapshot accepts %q: %t, want %t", row.o, got, row.snapshot)
		}
		if got := PolicyAlias.Accepts(row.o); got != row.alias {
			t.Errorf("policy alias accepts %q: %t, want %t", row.o, got, row.alias)
		}
		if got := row.o.LegalSomewhere(); got != row.legal {
			t.Errorf("%q is legal somewhere: %t, want %t", row.o, got, row.legal)
		}
	}
	for _, o := range All {
		if !slices.Contains(seen, o) {
			t.Errorf("the table lacks %q", o)
		}
	}
}

func TestParsePolicy(t *testing.T) {
	for _, p := range Policies {
		if got, err := ParsePolicy(string(p)); got != p || err != nil {
			t.Errorf("%q: %q, %v", p, got, err)
		}
	}
	for _, s := range []string{"", "Snapshot", " alias", "blocked"} {
		if got, err := ParsePolicy(s); got != "" || err == nil || !strings.Contains(err.Error(), "alias or snapshot") {
			t.Errorf("%q: %q, %v; want an error that names the policies", s, got, err)
		}
	}
}

// Worst is a total order: None below every outcome, All from best to worst,
// and an unknown outcome above all of them, so that it is never hidden.
func TestWorst(t *testing.T) {
	order := slices.Concat([]Outcome{None}, All, []Outcome{"nonsense"})
	for i, a := range order {
		for j, b := range order {
			if got, want := Worst(a, b), order[max(i, j)]; got != want {
				t.Errorf("Worst(%q, %q) = %q, want %q", a, b, got, want)
			}
		}
		if i > 0 && a.Rank() <= order[i-1].Rank() {
			t.Errorf("%q does not rank worse than %q", a, order[i-1])
		}
	}
}

// A matrix shows an outcome by its letter, so no two may share one.
func TestLetters(t *testing.T) {
	seen := map[string]Outcome{}
	for _, o := range append([]Outcome{None}, All...) {
		letter := o.Letter()
		if other, dup := seen[letter]; dup || len(letter) != 1 {
			t.Errorf("%q has the letter %q, as has %q", o, letter, other)
		}
		seen[letter] = o
	}
	if None.Letter() != " " {
		t.Errorf("no outcome has the letter %q", None.Letter())
	}
}

// Another policy changes only the verdict of a characterisation that recorded
// an outcome and whose verdict is pass or fail.
func TestUnder(t *testing.T) {
	for _, c := range []struct {
		v    Verdict
		p    Policy
		k    Kind
		o    Outcome
		want Verdict
	}{
		{Fail, PolicyAlias, Characterisation, Live, Pass},
		{Pass, PolicySnapshot, Characterisation, Live, Fail},
		{Fail, PolicySnapshot, Characterisation, Snapshot, Pass},
		{Pass, PolicyAlias, Characterisation, PhantomZero, Fail},
		{Fail, PolicyAlias, Invariant, Live, Fail},
		{Pass, PolicySnapshot, Invariant, Live, Pass},
		{Fail, PolicyAlias, Characterisation, None, Fail},
		{Pass, PolicySnapshot, Characterisation, None, Pass},
	} {
		if got := c.v.Under(c.p, c.k, c.o); got != c.want {
			t.Errorf("%s of %s %q under %s: %s, want %s", c.v, c.k, c.o, c.p, got, c.want)
		}
	}
	for _, v := range Verdicts {
		if v == Pass || v == Fail {
			continue
		}
		for _, p := range Policies {
			for _, o := range All {
				if got := v.Under(p, Characterisation, o); got != v {
					t.Errorf("%s with %s became %s under %s", v, o, got, p)
				}
			}
		}
	}
}

// A class does not depend on the policy by which a verdict was decided, and a
// policy never turns a violation into a pass.
func TestClass(t *testing.T) {
	for _, c := range []struct {
		v    Verdict
		k    Kind
		o    Outcome
		want Class
	}{
		{Pass, Invariant, None, Passes},
		{Pass, Invariant, Live, Passes},
		{Fail, Invariant, Live, Violates},
		{Fail, Characterisation, None, Violates},
		{Pass, Characterisation, None, Passes},
		{Pass, "", None, Passes},
		{Fail, "", None, Violates},
		{Skip, Characterisation, None, Skips},
		{Infra, Invariant, PhantomZero, Undecided},
		{Crash, Characterisation, Live, Violates},
		{Hang, Invariant, None, Violates},
		{BootFail, "", None, Violates},
	} {
		if got := c.v.Class(c.k, c.o); got != c.want {
			t.Errorf("%s of %s %q: %s, want %s", c.v, c.k, c.o, got, c.want)
		}
	}
	for _, o := range append(slices.Clone(All), "nonsense") {
		want := Violates
		switch {
		case o == Snapshot:
			want = Passes
		case o.LegalSomewhere():
			want = Deviates
		}
		for _, p := range Policies {
			v := Pass.Under(p, Characterisation, o)
			if got := v.Class(Characterisation, o); got != want {
				t.Errorf("%q under %s: %s, want %s", o, p, got, want)
			}
			if v == Pass && want == Violates {
				t.Errorf("%s accepts %q, which is a violation", p, o)
			}
		}
	}
}

// Bad verdicts are failures of the kernel: neither pass nor skip nor infra.
func TestBad(t *testing.T) {
	for _, v := range Verdicts {
		want := v == Fail || v == Crash || v == Hang || v == BootFail
		if v.Bad() != want {
			t.Errorf("%s is bad: %t, want %t", v, v.Bad(), want)
		}
	}
}
