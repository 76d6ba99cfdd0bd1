// Package selfcheck checks the tests themselves: that each can fail, by fault
// injection, and that a cell's result does not depend on how it gets its VM.
package selfcheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/faults"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Prove runs each test with its fault, prints which detected it, and returns how
// many did not. page, if not empty, is the file for the table in Markdown, which
// contains the command that generates it. Nothing is stored.
func Prove(ctx context.Context, settings session.Settings, from []string, page export.File, command string, out, log io.Writer) (missed int, err error) {
	settings.Run.Policy = string(outcome.PolicyAlias)
	tests, err := settings.Select(ctx, from)
	if err != nil {
		return 0, err
	}
	defer tests.Close()
	s, err := settings.OpenScratch(ctx)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	cells, found, trouble := proveCells(ctx, s, tests, log)
	if len(found) == 0 {
		return 0, trouble
	}
	proofs := faults.Checks(cells, found)
	if err := writeProofs(out, proofs); err != nil {
		return 0, errors.Join(trouble, err)
	}
	if page != "" {
		if err := os.WriteFile(string(page), proofPage(proofs, found, command), 0o644); err != nil {
			return 0, errors.Join(trouble, err)
		}
	}
	return undetected(proofs), trouble
}

// early says how a cell failed before its fault was injected.
func early(c results.Cell) string {
	if c.Outcome == outcome.None {
		return string(c.Verdict) + ": " + c.Detail
	}
	return fmt.Sprintf("%s (%s): %s", c.Verdict, c.Outcome, c.Detail)
}

// undetected counts the tests that did not detect their fault.
func undetected(proofs []faults.Check) (n int) {
	for _, p := range proofs {
		if !p.Detected() {
			n++
		}
	}
	return n
}

// proveCells runs the plan with its faults, into a temporary store.
func proveCells(ctx context.Context, s *session.Session, tests session.Selection, log io.Writer) (plan.Plan, []results.Cell, error) {
	p := progress.New(log)
	defer p.Close()
	found, fetchErr := s.FetchRun(ctx, p)
	if len(found) == 0 {
		return plan.Plan{}, nil, fetchErr
	}
	all, err := plan.New(lab.Ready(found).Plan(), tests.Profiles, tests.Suites, tests.Pattern)
	if err != nil {
		return all, nil, err
	}
	l, err := s.NewLab(ctx, found[0], p, tests.Configure(results.OriginProve), func(c *lab.Config) { c.Faults = true })
	if err != nil {
		return all, nil, err
	}
	run, err := l.Run(ctx, all, lab.Ready(found), p)
	if run.ID == "" {
		return all, nil, err
	}
	cells, cerr := s.Results.Cells(context.WithoutCancel(ctx), run.ID)
	return all, cells, errors.Join(fetchErr, err, cerr)
}

// writeProofs writes the table, and the problems below it.
func writeProofs(out io.Writer, proofs []faults.Check) error {
	w := text.NewTable(out)
	fmt.Fprintln(w, "TEST\tFAULT\tFIRED\tITSELF\tSILENT\tSKIPPED\tBROKEN\tINFRA\tFAILED AS")
	number := func(cells []results.Cell) string {
		if len(cells) == 0 {
			return "-"
		}
		return fmt.Sprint(len(cells))
	}
	for _, p := range proofs {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", sanitize.Line(p.Test), text.OrDash(p.Fault), number(p.Fired), number(p.Early), number(p.Silent),
			number(p.Skipped), number(p.Broken), number(p.Infra), text.OrDash(outcomesOf(p.Fired)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, p := range proofs {
		for _, list := range []struct {
			what  string
			cells []results.Cell
			why   func(results.Cell) string
		}{
			{"silent", p.Silent, faults.WhySilent},
			{"itself", p.Early, func(c results.Cell) string {
				return early(c)
			}},
			{"skipped", p.Skipped, func(c results.Cell) string { return c.Detail }},
			{"broken", p.Broken, func(c results.Cell) string { return string(c.Verdict) + ": " + c.Detail }},
			{"infra", p.Infra, func(c results.Cell) string { return c.Detail }},
		} {
			for _, r := range reasons(list.cells, list.why) {
				fmt.Fprintf(&b, "%s: %s: %s: %s\n", list.what, sanitize.Line(p.Test), r.where, sanitize.Line(r.text))
			}
		}
	}
	if b.Len() > 0 {
		fmt.Fprintf(out, "\n%s", &b)
	}
	_, err := fmt.Fprintf(out, "\n%s, %d without proof\n", text.Count(len(proofs), "test"), undetected(proofs))
	return err
}

// outcomesOf counts the outcomes of cells: "foreign 8, extra 2". A cell that
// failed without one is a plain failure.
func outcomesOf(cells []results.Cell) string {
	n := map[string]int{}
	for _, c := range cells {
		o := string(c.Outcome)
		if o == "" {
			o = "failure"
		}
		n[o]++
	}
	names := slices.SortedFunc(maps.Keys(n), func(x, y string) int {
		if n[x] != n[y] {
			return n[y] - n[x]
		}
		return strings.Compare(x, y)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", sanitize.Line(name), n[name])
	}
	return strings.Join(names, ", ")
}

// reason is why some cells of a test prove nothing.
type reason struct{ text, where string }

// reasons groups cells by why they prove nothing: each reason once.
func reasons(cells []results.Cell, why func(results.Cell) string) []reason {
	var order []string
	by := map[string][]results.Cell{}
	for _, c := range cells {
		text := why(c)
		if by[text] == nil {
			order = append(order, text)
		}
		by[text] = append(by[text], c)
	}
	var out []reason
	for _, text := range order {
		out = append(out, reason{text, placesOf(by[text])})
	}
	return out
}

// placesOf lists the kernels of cells with their filesystems, grouped by set of
// filesystems.
func placesOf(cells []results.Cell) string {
	var kernels, sets []string
	fs := map[string][]string{}
	for _, c := range cells {
		if fs[c.Kernel] == nil {
			kernels = append(kernels, c.Kernel)
		}
		if !slices.Contains(fs[c.Kernel], c.FS) {
			fs[c.Kernel] = append(fs[c.Kernel], c.FS)
		}
	}
	together := map[string][]string{}
	for _, k := range kernels {
		set := strings.Join(fs[k], " ")
		if together[set] == nil {
			sets = append(sets, set)
		}
		short, _, _ := strings.Cut(k, "-")
		together[set] = append(together[set], short)
	}
	for i, set := range sets {
		sets[i] = strings.Join(together[set], ", ") + " (" + set + ")"
	}
	return sanitize.Line(strings.Join(sets, "; "))
}
