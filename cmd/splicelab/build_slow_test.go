package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"splicelab/cmd/splicelab/config"
	"splicelab/kernels"
	"splicelab/kernels/source"
	"splicelab/outcome"
)

// TestFragmentsOfLinux shows that each of the lab's fragments takes on a real
// kernel, and that one with all of them builds, boots and runs cells.
func TestFragmentsOfLinux(t *testing.T) {
	repo := slowTest(t)
	cfg, err := config.Load(pflag.NewFlagSet("", pflag.ContinueOnError), "")
	if err != nil {
		t.Fatal(err)
	}
	store, err := kernels.OpenStore(filepath.Join(cfg.Cache, "kernels"))
	if err != nil {
		t.Fatal(err)
	}
	b := source.Build{Name: "fragments", Tree: repo, Ref: "good"}
	for _, name := range ownFragments() {
		if name == "lab" {
			continue // the base
		}
		one := b
		one.Fragments = []string{name}
		p, err := source.Builder{Store: store}.Prepare(t.Context(), one)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Warning != "" {
			t.Errorf("%s: %s", name, p.Warning)
		}
		p.Close()
		b.Fragments = append(b.Fragments, name)
	}

	dir := t.TempDir()
	yaml := "kernels:\n  builds:\n    - {name: fragments, tree: " + repo + ", ref: good, fragments: [" + strings.Join(b.Fragments, ", ") + "]}\n"
	if err := os.WriteFile(filepath.Join(dir, "splicelab.yaml"), []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	run := bisectProcess(t, dir)
	run.Args = []string{"splicelab", "run", "-k", "build:fragments", "-f", "tmpfs,xfs", "-t", "TestWrite/|TestPunchHoleInPage/",
		"--policy", "alias", "--isolation", "vm", "--memory", "1024", "--boot-timeout", "5m", "--cell-timeout", "5m", "--silence-timeout", "1m", "--json", "run.json"}
	run.Stderr = os.Stderr
	if err := run.Run(); run.ProcessState.ExitCode() != exitOK && run.ProcessState.ExitCode() != exitFailed {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Cells []struct {
			FS, Test, Detail string
			Verdict          outcome.Verdict
			Outcome          outcome.Outcome
		}
	}
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range got.Cells {
		// A debugging kernel finds what it finds, but it has to run to the end.
		if c.Verdict == outcome.Infra || c.Verdict == outcome.BootFail || c.Verdict == outcome.Hang {
			t.Errorf("%s on %s: %s (%s)", c.Test, c.FS, c.Verdict, c.Detail)
		}
		if strings.HasPrefix(c.Test, "splice.TestWrite/") && c.Outcome == outcome.Live {
			seen++
		}
	}
	if seen == 0 {
		t.Error("no cell saw what every kernel shows")
	}
}
