package terminal

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/shell"
)

// TestCommandsCanBeCopied lets a shell read folded commands.
func TestCommandsCanBeCopied(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh on PATH")
	}
	for _, words := range [][]string{
		{"splicelab", "run", "-k", "7.3.4+deb13-cloud-amd64", "-f", "xfs", "-t", `^splice\.TestPunchHoleOutside/middle-large-clean$`, "--seed", "6189804572616270"},
		{"splicelab", "run", "-t", `^s\.Test` + strings.Repeat("x y", 60) + "$", "--policy", "snapshot"},
		{"splicelab", strings.Repeat("a", 200), "-t", "it's " + strings.Repeat("long", 30), "b"},
		{"splicelab", "-t", "漢字" + strings.Repeat("漢字 ", 40), "", "a  b", "'", `\`},
	} {
		for _, width := range []int{40, 60, 80, 120} {
			var b bytes.Buffer
			writeCommand(&b, "   ", shell.Join(words), width)
			out, err := exec.CommandContext(t.Context(), sh, "-c", "printf '%s\\n' "+strings.TrimSpace(b.String())).CombinedOutput()
			if want := strings.Join(words, "\n") + "\n"; err != nil || string(out) != want {
				t.Errorf("width %d: a shell reads %q, want %q, in\n%s", width, out, want, b.String())
			}
		}
	}
}

func TestCommandsFit(t *testing.T) {
	var b bytes.Buffer
	writeCommand(&b, "   ", shell.Join([]string{"splicelab", "run", "-k", "6.12", "-f", "xfs", "-t", `^splice\.TestPunchHole/` + strings.Repeat("x", 90) + "$", "--seed", "7"}), 60)
	want := `   splicelab run -k 6.12 -f xfs -t \
     '^splice\.TestPunchHole/xxxxxxxxxxxxxxxxxxxxxxxxxxxx'\
'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'\
'xxxxxx$' --seed 7
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
