package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// realistic is a typical attempt of the splice suite.
func realistic(n int) results.Attempt {
	a := resultstest.Attempt(results.CellKey{Kernel: "6.12.117+deb13-cloud-amd64", FS: "xfs", Test: fmt.Sprintf("splice.TestPunchHoleInPage/large-clean-%d", n/3)}, n%3+1, outcome.Fail, outcome.Zeroed)
	a.Detail = "zeroed 1024+1024 of 65536, and live 0+512"
	a.Covariates = map[string]string{"dirty": "no", "folio_order": "4", "fs_block_size": "4096", "fs_type": "xfs", "kernel": a.Kernel,
		"mount_options": "rw,relatime,attr2,inode64,logbufs=8,logbsize=32k,noquota", "page_size": "4096", "pipe_size": "65536", "resident": "yes"}
	a.Output = strings.Repeat("    b_punch_test.go:40: zeroed (policy snapshot, characterisation): zeroed 1024+1024 of 65536\n", 6)
	a.Console = strings.Repeat("[    3.141592] splicelab: cell splice.TestPunchHoleInPage/large-clean begins\n", 12)
	return a
}

// BenchmarkAddAttempt stores attempts one by one, each durable before the next.
// For comparison it writes and syncs as many bytes to a plain file each time,
// the lower bound for durability on this disk. It reports medians, because a
// shared disk has a long tail.
func BenchmarkAddAttempt(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(filepath.Join(dir, "r.db"))
	if err != nil {
		b.Fatal(err)
	}
	plain, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	var stored, raw []time.Duration
	err = s.BeginRun(b.Context(), resultstest.Run("r", 0))
	for n := 0; b.Loop() && err == nil; n++ {
		a := realistic(n)
		bytes := make([]byte, len(a.Output)+len(a.Console)+len(a.Detail)+400)
		from := time.Now()
		err = s.AddAttempt(b.Context(), "r", &a)
		stored = append(stored, time.Since(from))
		from = time.Now()
		if _, werr := plain.Write(bytes); werr != nil {
			b.Fatal(werr)
		}
		if serr := unix.Fdatasync(int(plain.Fd())); serr != nil {
			b.Fatal(serr)
		}
		raw = append(raw, time.Since(from))
	}
	if err := errors.Join(err, plain.Close(), s.Close()); err != nil {
		b.Fatal(err)
	}
	for _, series := range [][]time.Duration{stored, raw} {
		slices.Sort(series)
	}
	n := len(stored)
	b.ReportMetric(float64(stored[n/2]), "median-ns")
	b.ReportMetric(float64(stored[n*99/100]), "p99-ns")
	b.ReportMetric(float64(raw[n/2]), "raw-median-ns")
	b.ReportMetric(float64(raw[n*99/100]), "raw-p99-ns")
	b.ReportMetric(float64(stored[n/2])/float64(raw[n/2]), "times-raw")
}
