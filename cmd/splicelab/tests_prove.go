package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/faults"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) testsProveCommand() *cobra.Command {
	var markdown string
	var from []string
	cmd := &cobra.Command{
		Use:   "prove",
		Short: "Prove that the tests can fail, by showing each a fault",
		Long: `prove runs the tests as run does, but damages what each of them looks at after
the kernel had its say: the bytes that a reader received (sample), what one view
of the source file shows (source), or the number, errno or text that decides
(observation). Every cell must then fail: a detector that has never been seen to
fire proves nothing. It judges by the policy alias, so that no test fails for
another reason where that can be avoided.

A cell has fired when it was shown its fault and failed; one that passed all the
same, or has no observation that is open to its fault, is silent. One that failed
before it was shown its fault did so by itself: today's kernels do fail some
tests. A skipped cell proves nothing on its kernel. Nothing goes into the store
of results.

Exit codes: 0 no cell was silent, and each test failed somewhere or was skipped
everywhere; 1 otherwise; 2 bad usage; 3 the lab failed.`,
		Example: `  splicelab tests prove -k 6.12 -f xfs
  splicelab tests prove -k 6.1,6.12 -t 'splice\.TestTCP' --markdown controls.md`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.prove(cmd.Context(), markdown, from) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	defaults := config.Default().Run
	f.StringP("kernels", "k", defaults.Kernels, "prove on the kernels that these `SELECTORS` name")
	f.StringP("filesystems", "f", defaults.Filesystems, "prove on these filesystem profiles: `NAMES`, comma-separated, or all")
	f.StringP("tests", "t", "", "prove the tests whose suite.TestName/subtest matches `REGEXP` (default: all but the self-test's)")
	fromFlag(f, &from)
	f.Int("priority", defaults.Priority, "prove the tests of priority 0, the highest, to `N`")
	f.IntP("jobs", "j", 0, "run `N` VMs at once (default: from cores and memory)")
	for _, name := range []string{"kernels", "filesystems", "tests", "priority", "jobs"} {
		a.bind(f, name, "run."+name)
	}
	f.StringVar(&markdown, "markdown", "", "write the table as a Markdown page to `FILE` too")
	a.vmFlags(f)
	a.completeSelections(cmd)
	return cmd
}

func (a *app) prove(ctx context.Context, markdown string, from []string) error {
	a.cfg.Run.Policy = string(outcome.PolicyAlias)
	tests, err := a.selectTests(ctx, from)
	if err != nil {
		return err
	}
	defer tests.release()
	release, err := a.useVMs(ctx)
	if err != nil {
		return err
	}
	defer release()
	store, remove, err := scratchStore()
	if err != nil {
		return err
	}
	defer remove()

	plan, cells, trouble := a.proveCells(ctx, store, tests)
	if len(cells) == 0 {
		return trouble
	}
	proofs := faults.Checks(plan, cells)
	if err := a.writeProofs(proofs); err != nil {
		return errors.Join(trouble, err)
	}
	if markdown != "" {
		page := proofPage(proofs, cells, a.proveCommand())
		if err := os.WriteFile(markdown, page, 0o644); err != nil {
			return errors.Join(trouble, err)
		}
	}
	if trouble != nil {
		return trouble
	}
	return verdictOn(proofs)
}

// proveCells runs the plan with its faults into a store that nobody keeps.
func (a *app) proveCells(ctx context.Context, store *store.Store, tests selection) (plan.Plan, []results.Cell, error) {
	p := newProgress(a.stderr)
	defer p.Close()
	found, fetchErr := a.fetchForRun(ctx, false, p)
	if len(found) == 0 {
		return plan.Plan{}, nil, fetchErr
	}
	all, err := plan.New(lab.Ready(found).Plan(), tests.profiles, tests.suites, tests.pattern)
	if err != nil {
		return all, nil, err
	}
	l, err := a.newLab(ctx, found[0], store, p, func(c *lab.Config) { c.Faults, c.User = true, tests.own })
	if err != nil {
		return all, nil, err
	}
	run, err := l.Run(ctx, all, lab.Ready(found), p)
	if run.ID == "" {
		return all, nil, err
	}
	cells, cerr := store.Cells(context.WithoutCancel(ctx), run.ID)
	return all, cells, errors.Join(fetchErr, err, cerr)
}

// proveCommand is the command line that gives this table again, without what
// is only of this machine.
func (a *app) proveCommand() string {
	line := "splicelab tests prove -k " + a.cfg.Run.Kernels + " -f " + a.cfg.Run.Filesystems
	if a.cfg.Run.Tests != "" {
		line += " -t '" + a.cfg.Run.Tests + "'"
	}
	return line
}

// verdictOn is nil when every test is proved.
func verdictOn(proofs []faults.Check) error {
	bad := 0
	for _, p := range proofs {
		if !p.Detected() {
			bad++
		}
	}
	if bad > 0 {
		return &failedError{bad}
	}
	return nil
}

// writeProofs writes the table, and what is wrong below it.
func (a *app) writeProofs(proofs []faults.Check) error {
	w := newTable(a.stdout)
	fmt.Fprintln(w, "TEST\tFAULT\tFIRED\tITSELF\tSILENT\tSKIPPED\tBROKEN\tINFRA\tFAILED AS")
	number := func(cells []results.Cell) string {
		if len(cells) == 0 {
			return "-"
		}
		return fmt.Sprint(len(cells))
	}
	for _, p := range proofs {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", sanitize.Line(p.Test), orDash(p.Fault), number(p.Fired), number(p.Early), number(p.Silent),
			number(p.Skipped), number(p.Broken), number(p.Infra), orDash(outcomesOf(p.Fired)))
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
			{"itself", p.Early, func(c results.Cell) string { return judged(c.Verdict, c.Outcome) + ": " + c.Detail }},
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
		fmt.Fprintf(a.stdout, "\n%s", &b)
	}
	bad := 0
	for _, p := range proofs {
		if !p.Detected() {
			bad++
		}
	}
	_, err := fmt.Fprintf(a.stdout, "\n%s, %d without proof\n", count(len(proofs), "test"), bad)
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

// placesOf names where cells are: the kernels with their filesystems, those
// of one set of filesystems together.
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
