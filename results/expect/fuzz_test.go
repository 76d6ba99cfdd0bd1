package expect

import (
	"errors"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

// FuzzParse checks the parser's guarantees: no text makes it panic, every error
// is an *Error that names the file, and a file that it accepts can be extended
// without changing existing rules.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "# c\n", "- {test: s.TestA, outcome: live, reason: r}\n", "-\n  test: [a, b*]\n  kernels: 6.10\n  verdict: crash\n  reason: >\n    long\n    text\n",
		"- test: &a x\n  reason: *a\n  verdict: fail\n", "- ? [a]\n  : b\n", "- !!str a: b\n", "--- \n- test: \"\\u0000\"\n", "[]\n", "- - a\n", "- test: |\n    a\n  verdict: hang\n  reason: r",
		"%YAML 1.2\n---\n- <<: {test: a}\n", "\t- a", "- test: 0x10\n  filesystem: .inf\n  kernels: 1.2.3\n  verdict: fail\n  reason: true\n",
	} {
		f.Add(seed)
	}
	cells := cellsOf("6.12.117 xfs s.TestA/a fail:live\n6.12.117 xfs s.TestA/b fail:live\n6.1.1 ext4 s.TestA/a crash\n")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse("e.yaml", []byte(text), today)
		if err != nil {
			var fault *Error
			if !errors.As(err, &fault) || len(fault.Faults) == 0 || !strings.HasPrefix(fault.Faults[0], "e.yaml") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		a := e.Accept(cells, outcome.PolicySnapshot, Rule{Reason: "r"})
		got, err := a.Update(e, []byte(text), today)
		if err != nil {
			return // e.g. a list in brackets
		}
		again, err := Parse("e.yaml", got, today)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		if len(again.Rules) != len(e.Rules)+len(a.Rules) {
			t.Fatalf("%q became %q: %d rules and %d more are %d", text, got, len(e.Rules), len(a.Rules), len(again.Rules))
		}
	})
}
