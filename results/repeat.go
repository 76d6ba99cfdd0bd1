package results

import (
	"fmt"
	"regexp"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/shell"
	"github.com/splicelab/splicelab/outcome"
)

// RepeatCommand is the shell command that reproduces a cell of r, with the same
// policy, number of processors and seed.
func RepeatCommand(r Run, key CellKey) string {
	args := []string{"splicelab", "run", "-k", key.Kernel, "-f", key.FS, "-t", "^" + regexp.QuoteMeta(key.Test) + "$"}
	if r.Policy != "" && r.Policy != outcome.DefaultPolicy {
		args = append(args, "--policy", string(r.Policy))
	}
	if n := r.Conditions["cpus"]; n != "" && n != "1" { // 1 is the default; a race may need more
		args = append(args, "--cpus", n)
	}
	args = append(args, "--seed", fmt.Sprint(r.Seed))
	return ShellCommand(args)
}

// ShellCommand joins words into one command line that a shell splits into the
// same words, safe to print.
func ShellCommand(words []string) string {
	safe := make([]string, len(words))
	for i, w := range words {
		safe[i] = sanitize.Line(w)
	}
	return shell.Join(safe)
}
