package shell_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/shell"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"": "''", "-m": "-m", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "file=/a,b:c": "'file=/a,b:c'", "--json=one.json": "--json=one.json", "=": "=", "_x=": "'_x='", "6.1.0-56": "6.1.0-56", "~": "'~'",
	} {
		if got := shell.Quote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// A real shell must read back what was quoted, also as the first word, where
// assignments, tildes and reserved words are special.
func TestShellReadsQuotedWords(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh on PATH")
	}
	words := []string{
		"", "a", "-n", "a b", "it's", "'", "''", `\`, `\n`, "$HOME", "$(id)", "`id`", "*", "?[a]", "~", "~root", "a=b", "--a=b", "=b", "1=2", "#x", "!", "{a,b}", "a;b", "a&b", "a|b", "<", ">",
		"line\nbreak", "tab\t", "\x01\xff", "grün 漢字", "a,b:c", "x@y%z+1", `"`,
	}
	out, err := exec.Command(sh, "-c", "printf '%s\\0' "+shell.Join(words)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(got) != len(words) {
		t.Fatalf("%d words became %d: %q", len(words), len(got), got)
	}
	for i, w := range words {
		if got[i] != w {
			t.Errorf("%q became %q", w, got[i])
		}
		out, err := exec.Command(sh, "-c", "printf %s "+shell.Quote(w)).Output()
		if err != nil || string(out) != w {
			t.Errorf("printf %%s %s: %q, %v", shell.Quote(w), out, err)
		}
	}
	// In command position nothing is parsed as an assignment.
	if err := exec.Command(sh, "-c", shell.Quote("a=b")).Run(); err == nil {
		t.Error("a=b was read as an assignment")
	}
}
