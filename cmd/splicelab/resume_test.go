package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// stoppedRuns puts runs into the store below a state directory that began and
// did not end: stopped DIR ID…. Of each one of two cells is left, on a kernel
// that the test's archive does not have. The process that runs the script is at
// the run called held.
func stoppedRuns(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: stopped DIR ID…")
	}
	ctx := context.Background()
	store, err := store.Open(filepath.Join(ts.MkAbs(args[0]), "results.db"))
	ts.Check(err)
	defer func() { ts.Check(store.Close()) }()
	began := time.Date(2026, 1, 3, 12, 0, 0, 0, time.UTC)
	for i, id := range args[1:] {
		a := &app{}
		a.cfg.Run.Policy, a.cfg.Run.Kernels = string(outcome.PolicySnapshot), "6.99"
		version, err := kernelversion.Parse("6.99.1")
		ts.Check(err)
		recipe := lab.Recipe{
			Format: 1, Requested: a.session().Requested(nil), Isolation: plan.IsolationCell,
			Kernels: []plan.Kernel{{Release: "6.99.1-gone", Version: version, Origin: "debian/test"}},
			Tests:   []plan.Test{{Suite: "demo", Top: "TestOne"}, {Suite: "demo", Top: "TestTwo"}},
		}
		profiles, err := a.session().Profiles("tmpfs")
		ts.Check(err)
		recipe.Profiles = profiles
		switch id {
		case "newer":
			recipe.Format = 99
		case "whole":
			recipe.Tests = recipe.Tests[:1]
		}
		plan, err := json.Marshal(recipe)
		ts.Check(err)
		run := results.Run{ID: id, Started: began.Add(time.Duration(i) * time.Minute), Policy: outcome.PolicySnapshot, Accel: "tcg", Seed: 7,
			Planned: len(recipe.Tests), Command: []string{"splicelab", "run", "-k", "6.99"}, Plan: string(plan)}
		if id == "unplanned" {
			run.Plan = ""
		}
		ts.Check(store.BeginRun(ctx, run))
		ts.Check(store.AddAttempt(ctx, id, &results.Attempt{CellKey: results.CellKey{Kernel: "6.99.1-gone", FS: "tmpfs", Test: "demo.TestOne"}, N: 1,
			Kind: outcome.Invariant, Verdict: outcome.Fail, Finished: run.Started.Add(time.Second)}))
		switch id {
		case "held":
			release, err := store.LockRun(id)
			ts.Check(err)
			ts.Defer(release)
		case "whole":
			ts.Check(store.EndPlan(ctx, id))
			ts.Check(store.FinishRun(ctx, id, run.Started.Add(time.Minute), ""))
		}
	}
}
