package main

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// storeListed puts the runs that a file lists into the store below a state
// directory: runs DIR FILE. Each run begins an hour after the one before it:
//
//	run ID [CONDITION=VALUE…]
//	KERNEL FILESYSTEM TEST VERDICT[:OUTCOME] [VERDICT[:OUTCOME]…]
//
// with an attempt for each verdict. What follows "|" is the detail of all. The
// conditions origin, kernels, filesystems, tests and planned are the run's own;
// a run that was killed=yes has not finished.
func storeListed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: runs DIR FILE")
	}
	ctx := context.Background()
	store, err := store.Open(filepath.Join(ts.MkAbs(args[0]), "results.db"))
	ts.Check(err)
	defer func() { ts.Check(store.Close()) }()
	started, id := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), ""
	killed := false
	finish := func() {
		if id != "" && !killed {
			ts.Check(store.FinishRun(ctx, id, started.Add(time.Minute), ""))
		}
	}
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		text, detail, _ := strings.Cut(strings.TrimSpace(line), "|")
		words := strings.Fields(text)
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case words[0] == "run":
			finish()
			started, id = started.Add(time.Hour), words[1]
			run := results.Run{
				ID: id, Started: started, Policy: outcome.PolicySnapshot, Accel: "tcg", Seed: 7,
				Command: []string{"splicelab", "run"}, Conditions: map[string]string{},
			}
			killed = false
			for _, w := range words[2:] {
				name, value, _ := strings.Cut(w, "=")
				switch name {
				case "origin":
					run.Origin = results.Origin(value)
				case "kernels":
					for release := range strings.SplitSeq(value, ",") {
						run.Kernels = append(run.Kernels, results.KernelOf(release))
					}
				case "filesystems":
					run.Selected.Filesystems = strings.Split(value, ",")
				case "tests":
					run.Selected.Tests = strings.ReplaceAll(value, "_", " ")
				case "planned":
					n, err := strconv.Atoi(value)
					ts.Check(err)
					run.Planned = n
				case "killed":
					killed = true
				default:
					run.Conditions[strings.ReplaceAll(name, "_", " ")] = value
				}
			}
			ts.Check(store.BeginRun(ctx, run))
		default:
			for i, w := range words[3:] {
				v, o, characterised := strings.Cut(w, ":")
				a := results.Attempt{
					CellKey: results.CellKey{Kernel: words[0], FS: words[1], Test: words[2]}, N: i + 1, Detail: strings.TrimSpace(detail),
					Verdict: outcome.Verdict(v), Outcome: outcome.Outcome(o), Kind: outcome.Invariant,
					Duration: 20 * time.Millisecond, Finished: started.Add(time.Duration(i) * time.Second),
				}
				if characterised {
					a.Kind = outcome.Characterisation
				}
				ts.Check(store.AddAttempt(ctx, id, &a))
			}
		}
	}
	finish()
}
