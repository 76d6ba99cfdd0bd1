package results

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/outcome"
)

// RepeatCommand is the shell command that reproduces a cell of r: same policy,
// same seed.
func RepeatCommand(r Run, key CellKey) string {
	args := []string{"splicelab", "run", "-k", key.Kernel, "-f", key.FS, "-t", "^" + regexp.QuoteMeta(key.Test) + "$"}
	if r.Policy != "" && r.Policy != outcome.PolicySnapshot {
		args = append(args, "--policy", string(r.Policy))
	}
	args = append(args, "--seed", fmt.Sprint(r.Seed))
	for i, a := range args {
		args[i] = quote(CleanLine(a))
	}
	return strings.Join(args, " ")
}

// quote quotes s for a shell where it has to.
func quote(s string) string {
	plain := s != ""
	for _, c := range s {
		plain = plain && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./+:=,@%", c))
	}
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
