package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/bisect"
)

// configAnswer is the result of a bisection of configurations.
type configAnswer struct {
	*mixtures
	judge  *bisect.Judge
	found  bisect.Found
	others []string // options that change as a consequence
	none   error    // why nothing was found
}

// settle distinguishes answers without options from errors, which it returns.
func (c *configAnswer) settle(ctx context.Context, err error) error {
	var none *bisect.NoChangeError
	var against *bisect.ContradictionError
	switch {
	case errors.As(err, &none), errors.As(err, &against):
		c.none = err
		return nil
	case err != nil:
		return err
	}
	if err := c.configure(ctx, c.found.Set); err != nil {
		return err
	}
	for name, value := range c.prepared.Options {
		if c.good[name] != value && !slices.ContainsFunc(c.found.Set, func(i int) bool { return c.options[i].Option == name }) {
			c.others = append(c.others, name)
		}
	}
	slices.Sort(c.others)
	return nil
}

// Found implements Answer.
func (c *configAnswer) Found() bool { return c.none == nil }

// Write implements Answer.
func (c *configAnswer) Write(w io.Writer, _ bool) {
	if c.none != nil {
		fmt.Fprintln(w, sanitize.Line(c.none.Error()))
		return
	}
	terms := c.journal.Terms()
	fmt.Fprintf(w, "%s on %s: %s becomes %s with these of %d options, as a fragment:\n\n", c.test, c.tests.Profiles[0].Name, terms.Good, terms.Bad, len(c.options))
	for _, i := range c.found.Set {
		o := c.options[i]
		was := "off"
		if o.Good != "" {
			was = o.Good
		}
		note := "was " + was
		if slices.Contains(c.found.Needed, i) {
			note += "; the others need it"
		}
		line := o.line
		if o.Bad == "" {
			line = "# " + o.Option + " is not set"
		}
		fmt.Fprintf(w, "  %-40s # %s\n", sanitize.Line(line), sanitize.Line(note))
	}
	if len(c.others) > 0 {
		fmt.Fprintf(w, "\n  %d more change as a consequence: %s\n", len(c.others), strings.Join(c.others, ", "))
	}
	fmt.Fprintf(w, "\n  %s  the good configuration\n", c.journal.Tally(bisect.FormatSet(nil)))
	fmt.Fprintf(w, "  %s  with these options\n", c.journal.Tally(bisect.FormatSet(c.found.Set)))
	rest := map[bisect.Side]string{bisect.Good: "good again", bisect.Bad: "still bad: other options have the same effect", bisect.Neither: "neither good nor bad"}[c.found.Rest]
	fmt.Fprintf(w, "  the bad configuration without them is %s\n", rest)
	writeSureness(w, c.judge)
}

// ConfigDocument is the document of a bisection of configurations.
type ConfigDocument struct {
	Summary
	Differ  int      `json:"differ"`  // number of options that differ
	Options []Option `json:"options"` // the minimal set
	Needed  []string `json:"needed"`  // those that are only dependencies of others
	Others  []string `json:"others"`  // that change as a consequence
	Without string   `json:"without"` // where the bad end lies without the set: good, bad, neither
}

// JSON implements Answer.
func (c *configAnswer) JSON() any {
	out := ConfigDocument{Summary: c.summary(c.judge, c.none), Differ: len(c.options), Options: []Option{}, Needed: []string{}, Others: append([]string{}, c.others...), Without: c.found.Rest.String()}
	for _, i := range c.found.Set {
		out.Options = append(out.Options, c.options[i])
	}
	for _, i := range c.found.Needed {
		out.Needed = append(out.Needed, c.options[i].Option)
	}
	return out
}
