package report

import (
	"bytes"
	"fmt"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// OfCell returns a report of a cell's result in a run.
func OfCell(run results.Run, c results.Cell) Report {
	what := string(c.Outcome)
	if what == "" {
		what = string(c.Verdict)
	}
	r := Report{
		Title:  fmt.Sprintf("%s is %s on %s", c.Test, what, c.FS),
		Kernel: c.Kernel, Filesystem: c.FS, Test: c.Test,
		Expect: Expect{Verdict: c.Verdict, Outcome: c.Outcome}, Repetitions: 3, Policy: run.Policy,
		Note: sanitize.Line(c.Detail),
	}
	// The run's conditions contain them in display format.
	_, _ = fmt.Sscanf(run.Conditions["memory"], "%d MiB", &r.Memory)
	_, _ = fmt.Sscan(run.Conditions["cpus"], &r.CPUs)
	return r
}

// Text is the content of the report's file. comment, if not empty, precedes it.
func (r Report) Text(comment string) ([]byte, error) {
	var b bytes.Buffer
	err := r.Write(&b, comment)
	return b.Bytes(), err
}
