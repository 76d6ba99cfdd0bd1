package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// workflow is a file of GitHub Actions, with every key that the example has:
// decoding rejects others.
type workflow struct {
	Name        string            `yaml:"name"`
	On          []string          `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Env         map[string]string `yaml:"env"`
	Jobs        map[string]struct {
		RunsOn string `yaml:"runs-on"`
		Steps  []struct {
			Name string            `yaml:"name"`
			If   string            `yaml:"if"`
			Uses string            `yaml:"uses"`
			With map[string]string `yaml:"with"`
			Run  string            `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

// gitlabJob is a job of GitLab CI, likewise.
type gitlabJob struct {
	Extends   string            `yaml:"extends"`
	Image     string            `yaml:"image"`
	Variables map[string]string `yaml:"variables"`
	Cache     struct {
		Key   string   `yaml:"key"`
		Paths []string `yaml:"paths"`
	} `yaml:"cache"`
	Before       []string `yaml:"before_script"`
	Script       []string `yaml:"script"`
	AllowFailure struct {
		ExitCodes []int `yaml:"exit_codes"`
	} `yaml:"allow_failure"`
	Artifacts struct {
		When     string   `yaml:"when"`
		ExposeAs string   `yaml:"expose_as"`
		Paths    []string `yaml:"paths"`
		Reports  struct {
			JUnit string `yaml:"junit"`
		} `yaml:"reports"`
	} `yaml:"artifacts"`
}

// ciMachine executes the commands of a job, in which nothing but the shell is
// real: splicelab writes the reports that it is asked for, and exits with EXIT.
type ciMachine struct{ dir, bin string }

func newCIMachine(t *testing.T) ciMachine {
	t.Helper()
	m := ciMachine{t.TempDir(), t.TempDir()}
	for name, script := range map[string]string{
		"splicelab": `printf '%s\n' "splicelab" "$@" "--end--" >>"$CALLS"
while [ $# -gt 0 ]; do case $1 in --junit|--html|--markdown) echo report >"$2"; shift;; esac; shift; done
exit "$EXIT"`,
		// go test -exec PROGRAM packages…
		"go":   `case "$1 $2" in "test -exec") exec sh -c "$3 /tmp/pkg.test";; "install "*) exit 0;; esac; exit 64`,
		"sudo": `exec "$@"`, "apt-get": "exit 0", "chmod": "exit 0",
	} {
		if err := os.WriteFile(filepath.Join(m.bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// run executes a script as a runner does, and returns its exit code, its output,
// and the command lines of splicelab.
func (m ciMachine) run(t *testing.T, shell []string, script string, exit int) (code int, output string, calls [][]string) {
	t.Helper()
	record := filepath.Join(m.dir, "calls")
	cmd := exec.CommandContext(t.Context(), shell[0], append(shell[1:], script)...)
	cmd.Dir = m.dir
	cmd.Env = []string{"PATH=" + m.bin + ":/usr/bin:/bin", "CALLS=" + record, fmt.Sprint("EXIT=", exit), "GITHUB_STEP_SUMMARY=" + filepath.Join(m.dir, "summary.md")}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(record) // none was called
	_ = os.Remove(record)
	for call := range strings.SplitSeq(strings.TrimSuffix(string(text), "--end--\n"), "--end--\n") {
		if call != "" {
			calls = append(calls, strings.Split(strings.TrimSuffix(call, "\n"), "\n"))
		}
	}
	return cmd.ProcessState.ExitCode(), string(out), calls
}

// checkCalls parses the command lines as the program does.
func checkCalls(t *testing.T, calls [][]string) {
	t.Helper()
	for _, words := range calls {
		if err := parseCommand(words, true); err != nil {
			t.Errorf("%s: %v", strings.Join(words, " "), err)
		}
	}
}

func exampleFile(t *testing.T, name string, to any) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../examples", name))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.DisallowUnknownField()).Decode(to); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return path
}

// The commands of the GitHub workflow do what its comments say, for every exit
// code of splicelab.
func TestGitHubExample(t *testing.T) {
	var w workflow
	path := exampleFile(t, "github-actions.yml", &w)
	if lint, err := exec.LookPath("actionlint"); err == nil {
		if out, err := exec.CommandContext(t.Context(), lint, path).CombinedOutput(); err != nil {
			t.Errorf("actionlint: %v\n%s", err, out)
		}
	}
	expression := regexp.MustCompile(`\$\{\{[^}]*\}\}`)
	seen := map[string]bool{}
	for exit, want := range map[int]int{0: 0, 1: 1, 2: 2, 3: 0} {
		m := newCIMachine(t)
		for _, step := range w.Jobs["kernels"].Steps {
			if step.Run == "" {
				continue
			}
			code, output, calls := m.run(t, []string{"bash", "-e", "-c"}, expression.ReplaceAllString(step.Run, "x"), exit)
			checkCalls(t, calls)
			for _, call := range calls {
				seen[call[1]] = true
			}
			switch {
			case strings.Contains(step.Run, "splicelab run"):
				if code != want || strings.Contains(output, "::warning") != (exit == 3) {
					t.Errorf("splicelab exits with %d, and the step with %d: %s", exit, code, output)
				}
				for _, file := range []string{"out.xml", "out.html", "summary.md"} {
					if _, err := os.Stat(filepath.Join(m.dir, file)); err != nil {
						t.Errorf("splicelab exits with %d: %v", exit, err)
					}
				}
			case strings.Contains(step.Run, "-exec"):
				if code != exit {
					t.Errorf("exec exits with %d, and the step with %d: %s", exit, code, output)
				}
			case code != 0:
				t.Errorf("%s: %d: %s", step.Name, code, output)
			}
		}
	}
	if !seen["exec"] || !seen["run"] {
		t.Errorf("the workflow called %v", seen)
	}
}

// Likewise for GitLab, which itself allows a job to fail with a certain code.
func TestGitLabExample(t *testing.T) {
	jobs := map[string]gitlabJob{}
	exampleFile(t, "gitlab-ci.yml", &jobs)
	base, ok := jobs[".splicelab"]
	if !ok || !slices.Equal(base.AllowFailure.ExitCodes, []int{3}) {
		t.Fatalf("a failure of the lab is not allowed: %v", base.AllowFailure)
	}
	verbs := map[string]bool{}
	for name, job := range jobs {
		if name == ".splicelab" {
			continue
		}
		if job.Extends != ".splicelab" {
			t.Errorf("%s extends %q", name, job.Extends)
		}
		for _, exit := range []int{0, 1, 3} {
			m := newCIMachine(t)
			code, output, calls := m.run(t, []string{"sh", "-e", "-c"}, strings.Join(append(slices.Clone(base.Before), job.Script...), "\n"), exit)
			checkCalls(t, calls)
			if code != exit || len(calls) == 0 {
				t.Errorf("%s: splicelab exits with %d, and the job with %d: %s", name, exit, code, output)
			}
			for _, call := range calls {
				verbs[call[1]] = true
			}
			for _, file := range append(slices.Clone(job.Artifacts.Paths), job.Artifacts.Reports.JUnit) {
				if file == "" {
					continue
				}
				if _, err := os.Stat(filepath.Join(m.dir, file)); err != nil {
					t.Errorf("%s: splicelab exits with %d: %v", name, exit, err)
				}
			}
		}
	}
	if !verbs["exec"] || !verbs["run"] {
		t.Errorf("the jobs called %v", verbs)
	}
}
