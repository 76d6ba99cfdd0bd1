package session

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

// Conclusion is the result of a run, finished or not.
type Conclusion struct {
	Stored
	Failed int // cells that make the run fail
	// Vectors says that the run has policy vectors that were not shown, because
	// it was not about them.
	Vectors bool
	// Resumable says that cells remain, and Interrupted that the run did not
	// finish; if it did, the remaining cells are infra.
	Resumable, Interrupted bool
}

// Conclude shows the matrix of a run and what every policy forbids, writes its
// reports, and returns what remains to be done. It works for interrupted runs,
// too.
func (s Settings) Conclude(ctx context.Context, r *store.Store, id string, reports export.Reports, out io.Writer, o terminal.Options) (Conclusion, error) {
	ctx = context.WithoutCancel(ctx)
	c := Conclusion{}
	var err error
	if c.Stored, err = s.ReadJudged(ctx, r, id, ""); err != nil {
		return c, err
	}
	// A run ends at a prompt: its reader sees the end of the output.
	o.ViolationsLast = true
	if err := terminal.WriteMatrix(out, c.Run, c.Cells, o); err != nil {
		return c, err
	}
	fmt.Fprintln(out)
	c.Vectors = len(findings.Vectors(c.Cells)) > 0 && !strings.Contains(s.Run.Tests, "Policy")
	if len(findings.Vectors(c.Cells)) > 0 && !c.Vectors {
		if err := terminal.WriteVectors(out, c.Cells, o); err != nil {
			return c, err
		}
		fmt.Fprintln(out)
	}
	reports.Expected = c.Expected
	if err := reports.Write(ctx, r, c.Run, c.Cells, out); err != nil {
		return c, err
	}
	c.Failed = failed(c.Cells)
	recipe, finished, err := lab.RecipeOf(ctx, r, c.Run)
	if err == nil { // else the run cannot be resumed
		c.Interrupted = !finished
		c.Resumable = c.Interrupted || len(recipe.Remaining(c.Cells)) > 0
	}
	return c, nil
}

// failed counts the cells that make a run fail.
func failed(cells []results.Cell) (n int) {
	for i := range cells {
		if cells[i].Bad() {
			n++
		}
	}
	return n
}
