package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestTutorial runs every command of docs/tutorial.md in the order of the
// page, in an empty directory, and compares what is printed with the output
// that the page shows. The archive's kernels, which the page names by their
// series, are replaced by those of SPLICELAB_TEST_KERNELS.
func TestTutorial(t *testing.T) {
	kernel, old := vmKernel("6.12"), vmKernel("5.10")
	if os.Getenv("SPLICELAB_VM_TESTS") != "1" || kernel == "" || old == "" || vmGuest() == "" {
		t.Skip("SPLICELAB_VM_TESTS=1, SPLICELAB_TEST_KERNELS and the guest programs are needed: boots real kernels")
	}
	text, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &reader{
		dir: dir,
		env: append(os.Environ(), "HOME="+filepath.Join(dir, "home"), "SPLICELAB_CACHE="+testCache,
			"SPLICELAB_STATE="+filepath.Join(dir, "state"), "SPLICELAB_GUEST_DIR="+vmGuest(), "SPLICELAB_VM_ACCEL=tcg"),
	}
	substitute := strings.NewReplacer(
		"--good 5.10 --bad 6.12", "-k file:"+old+",file:"+kernel,
		"-k 5.10", "-k file:"+old,
		"-k 6.12", "-k file:"+kernel,
		`kernel: "6.12"`, "kernel: file:"+kernel,
		"splicelab repro report.yaml", "splicelab repro --trust report.yaml",
	)
	blocks := fencedBlocks(string(text))
	if len(blocks) < 10 {
		t.Fatalf("the tutorial has only %d blocks: is the extraction broken?", len(blocks))
	}
	for _, b := range blocks {
		body := substitute.Replace(b.body)
		if name, ok := strings.CutPrefix(b.info, "yaml "); ok {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if b.info == "console" {
			s.play(t, body)
		}
	}
}

// fencedBlock is a code block of a page: what its fence says and its lines.
type fencedBlock struct{ info, body string }

func fencedBlocks(page string) []fencedBlock {
	var blocks []fencedBlock
	fence := regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		blocks = append(blocks, fencedBlock{m[1], m[2]})
	}
	return blocks
}

// reader is one reader at a terminal: commands run in one directory, and the
// exit code of the last is kept for "echo $?".
type reader struct {
	dir    string
	env    []string
	code   int
	stdout string
	stderr string
}

// play runs a console block. A command must succeed unless the block goes on
// with "echo $?".
func (s *reader) play(t *testing.T, block string) {
	t.Helper()
	steps := strings.Split("\n"+block, "\n$ ")[1:]
	for i, step := range steps {
		command, shown, _ := strings.Cut(step, "\n")
		if command == "echo $?" {
			if want := strings.TrimSpace(shown); want != strconv.Itoa(s.code) {
				t.Fatalf("exit code is %d, the page shows %s; it printed:\n%s%s", s.code, want, s.stdout, s.stderr)
			}
			continue
		}
		s.run(t, command)
		asked := i+1 < len(steps) && strings.HasPrefix(steps[i+1], "echo $?")
		if s.code != 0 && !asked {
			t.Fatalf("%s: exit code is %d, and the page does not say so; it printed:\n%s%s", command, s.code, s.stdout, s.stderr)
		}
		if missing := missingLine(shown, s.stdout); missing != "" {
			t.Fatalf("%s: the page shows %q, but it printed:\n%s%s", command, missing, s.stdout, s.stderr)
		}
	}
}

func (s *reader) run(t *testing.T, command string) {
	t.Helper()
	began := time.Now()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, &stdout, &stderr
	err := cmd.Run()
	s.stdout, s.stderr, s.code = stdout.String(), stderr.String(), 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		s.code = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	t.Logf("%6.1fs  %s", time.Since(began).Seconds(), command)
}

// missingLine is the first line of those shown that is not printed, in this
// order, or "". Numbers and the width of gaps are free. "…" stands for any lines,
// or, at the end of a line, for the rest of it.
func missingLine(shown, printed string) string {
	rest := looseLines(printed)
	for _, line := range looseLines(shown) {
		if line == "" || line == "…" {
			continue
		}
		beginning, open := strings.CutSuffix(line, "…")
		at := slices.IndexFunc(rest, func(l string) bool {
			return l == line || open && strings.HasPrefix(l, beginning)
		})
		if at < 0 {
			return line
		}
		rest = rest[at+1:]
	}
	return ""
}

var (
	number = regexp.MustCompile(`[0-9]+(\.[0-9]+)*`)
	gap    = regexp.MustCompile(`[ \t]+`)
)

// looseLines are the lines of text with each number as N and one blank for
// each gap.
func looseLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, gap.ReplaceAllString(number.ReplaceAllString(strings.TrimSpace(line), "N"), " "))
	}
	return lines
}

func TestMissingLine(t *testing.T) {
	printed := "run 1\n\nx  Write/small   xL\nright with 0.99\n"
	for shown, want := range map[string]string{
		"…\nx Write/small xL\n…\nright with 0.5\n": "",
		"x Write…\nright…\n":                       "",
		"x Write\n":                                "x Write",
		"right with 1\nrun 2\n":                    "run N",
		"x Write/large xL\n":                       "x Write/large xL",
		"":                                         "",
	} {
		if got := missingLine(shown, printed); got != want {
			t.Errorf("shown %q: %q is missing, want %q", shown, got, want)
		}
	}
}
