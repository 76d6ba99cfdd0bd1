package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// Whoever opens the store removes the reports of killed processes, and no others.
func TestReportsOfKilledProcessesAreRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	s := open(t, path)
	const running, killed = "20261128-100000-running", "20261128-100000-killed/%"
	release, err := s.LockRun(running)
	resultstest.Must(t, err)
	for _, id := range []string{running, killed} {
		resultstest.Must(t, s.SetLive(id, results.Live{At: time.Now(), Doing: "cells"}))
	}
	resultstest.Must(t, os.WriteFile(s.livePath(killed)+".tmp", nil, 0o600))
	open(t, path)
	if _, ok := s.Live(running, time.Now()); !ok {
		t.Error("the report of a running run was removed")
	}
	if left, err := os.ReadDir(path + ".live"); err != nil || len(left) != 1 {
		t.Errorf("%v are left, %v", left, err)
	}
	release()
	open(t, path)
	if _, err := os.Stat(path + ".live"); !os.IsNotExist(err) {
		t.Errorf("the directory is left: %v", err)
	}
}

func TestSlowMigrationIsNoted(t *testing.T) {
	noted := make(chan struct{})
	work := func() error {
		<-noted // work that takes until it is noted
		return os.ErrInvalid
	}
	if err := whileSlow(time.Nanosecond, func() { close(noted) }, work); !errors.Is(err, os.ErrInvalid) {
		t.Error(err)
	}
	if err := whileSlow(time.Hour, func() { t.Error("noted at once") }, func() error { return nil }); err != nil {
		t.Error(err)
	}
}
