package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/internal/artifact"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// digests are those of every file below the templates of a cache.
func digests(t *testing.T, cache string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := filepath.WalkDir(filepath.Join(cache, "templates"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		err = artifact.Blocks(f, func(at int64, block []byte) error { // most of a memory file is a hole
			if !artifact.Zero(block) {
				_, _ = fmt.Fprint(h, at, " ") // a hash does not fail
				_, _ = h.Write(block)
			}
			return nil
		})
		sums[p] = hex.EncodeToString(h.Sum(nil))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// Cells that leave their machine in disorder, two at a time: each finds it as
// the others did, but for time and random numbers, which are its own.
func TestNothingLeaksBetweenCells(t *testing.T) {
	k := []kernels.Kernel{testKernel(t, "6.12")}
	b := newBench(t)
	filesystems := []string{"ext4"} // with a device
	if slow() {
		filesystems = append(filesystems, "tmpfs", "xfs", "btrfs")
	}
	profiles := strings.Join(filesystems, ",")
	// What ext4 does by itself, some seconds after it is mounted, a slow machine
	// would see in some cells and not in others: initialise inode tables, commit.
	b.mount = map[string]string{"ext4": "noinit_itable,commit=300"}
	b.withCopiedCache(k[0], profiles, `^selftest\.TestPass$`)
	b.cfg.Isolation, b.cfg.Jobs = plan.IsolationCell, 2
	var before map[string]string
	random := map[string]string{}
	spoiled := false                             // a mounted device was written to, which not every kernel allows on every filesystem
	firstFound := map[string]map[string]string{} // filesystem → what its first cell found
	// The second round is a short one: two find what the first left.
	for round, pattern := range []string{`^selftest\.TestLeave/`, `^selftest\.TestLeave/(nothing|again)`} {
		cells, err := b.run(k, profiles, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range cells {
			if c.Verdict != outcome.Pass || c.Timing.Restore == 0 {
				t.Errorf("%s: %s (%s), %+v", name, c.Verdict, c.Detail, c.Timing)
				continue
			}
			ownTime(t, name, c)
			for _, key := range []string{"found_random", "found_urandom", "found_uuid"} {
				v := c.Covariates[key]
				if other, twice := random[v]; twice || len(v) < 32 {
					t.Errorf("%s: %s is %q, as in %s", name, key, v, other)
				}
				random[v] = name
			}
			sameFind(t, name, c, firstFound)
			spoiled = spoiled || c.Covariates["spoiled"] == "yes"
		}
		// What was made in the first round is as it was after the second.
		if round == 0 {
			before = digests(t, b.cfg.CacheDir)
		} else if d := cmp.Diff(before, digests(t, b.cfg.CacheDir)); d != "" {
			t.Errorf("the templates changed:\n%s", d)
		}
	}
	if n := len(filesystems); len(firstFound) != n || len(random) != 3*n*(9+2) || !spoiled {
		t.Errorf("%d filesystems and %d random numbers were looked at, a device spoiled: %t", len(firstFound), len(random), spoiled)
	}
	left, err := os.ReadDir(filepath.Join(b.cfg.CacheDir, "tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	noQEMULeft(t)
}

// ownTime checks that a cell's time is the host's: between its beginning and
// its end.
func ownTime(t *testing.T, name string, c results.Cell) {
	t.Helper()
	ns, err := strconv.ParseInt(c.Covariates["found_time"], 10, 64)
	at := time.Unix(0, ns)
	// The cell that sets the clock finds it right, too. A line takes its time
	// to the guest, in which its clock stays behind.
	const late = time.Second
	if err != nil || at.Before(c.Finished.Add(-c.Duration-late)) || at.After(c.Finished.Add(late)) {
		t.Errorf("%s found the time to be %s, between %s and %s, %v", name, at, c.Finished.Add(-c.Duration), c.Finished, err)
	}
}

// sameFind checks that a cell found its machine as the first did.
func sameFind(t *testing.T, name string, c results.Cell, first map[string]map[string]string) {
	t.Helper()
	if first[c.FS] == nil {
		first[c.FS] = c.Covariates
		if c.FS != "tmpfs" && c.Covariates["found_device"] == "" {
			t.Errorf("%s did not look at its device", name)
		}
	}
	for _, key := range []string{"found_setting", "found_hostname", "found_files", "found_device", "found_space", "found_modules"} {
		if got, want := c.Covariates[key], first[c.FS][key]; got != want {
			t.Errorf("%s: %s is %q where another cell found %q", name, key, got, want)
		}
	}
	free, err := strconv.ParseInt(c.Covariates["found_free"], 10, 64)
	if err != nil {
		t.Errorf("%s: free memory: %v", name, err)
	}
	others, _ := strconv.ParseInt(first[c.FS]["found_free"], 10, 64)
	if off := free - others; off < -16<<20 || off > 16<<20 {
		t.Errorf("%s found %d bytes of memory free, another cell %d", name, free, others)
	}
}

// What is wrong with a template on disk is found before it is used.
func TestDamagedTemplatesAreMadeAgain(t *testing.T) {
	k := []kernels.Kernel{testKernel(t, "6.12")}
	b := newBench(t).withCopiedCache(k[0], "tmpfs", "TestWrite/small-clean")
	b.cfg.Isolation, b.cfg.Jobs = plan.IsolationCell, 1
	run := func() {
		t.Helper()
		cells, err := b.run(k, "tmpfs", "TestWrite/small-clean")
		if err != nil {
			t.Fatal(err)
		}
		if c := cells["tmpfs splice.TestWrite/small-clean"]; c.Outcome != outcome.Live || c.Timing.Restore == 0 {
			t.Errorf("%s %s (%s), %+v", c.Verdict, c.Outcome, c.Detail, c.Timing)
		}
	}
	run()
	// The kernel's own template is the oldest. Without damage it stays, and spares
	// a boot.
	made := memories(t, b.cfg.CacheDir)
	oldest := slices.MinFunc(slices.Collect(maps.Keys(made)), func(a, b string) int { return made[a].Compare(made[b]) })
	for _, c := range []struct {
		name   string
		all    bool // the kernel's template, too
		damage func(dir string) error
	}{
		{"a byte of memory", true, func(dir string) error {
			f, err := os.OpenFile(filepath.Join(dir, "memory"), os.O_RDWR, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			var one [1]byte
			if _, err := f.ReadAt(one[:], 17<<20); err != nil {
				return err
			}
			one[0] ^= 1
			_, err = f.WriteAt(one[:], 17<<20)
			return err
		}},
		{"half a state", false, func(dir string) error { return os.Truncate(filepath.Join(dir, "state"), 1000) }},
		{"no state", false, func(dir string) error { return os.Remove(filepath.Join(dir, "state")) }},
	} {
		was := memories(t, b.cfg.CacheDir)
		if !c.all {
			delete(was, oldest)
		}
		for p := range was {
			if err := c.damage(filepath.Dir(p)); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		damaged := memories(t, b.cfg.CacheDir)
		run()
		now := memories(t, b.cfg.CacheDir)
		for p := range was {
			if now[p].Equal(damaged[p]) && c.name == "a byte of memory" {
				t.Errorf("%s: %s was used all the same", c.name, p)
			}
			if st, err := os.Stat(filepath.Join(filepath.Dir(p), "state")); errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() < 10000 {
				t.Errorf("%s: %s is as damaged as before: %v", c.name, filepath.Dir(p), err)
			}
		}
	}
	// What an interrupted run left of a template is in nobody's way.
	for p := range memories(t, b.cfg.CacheDir) {
		if p == oldest {
			continue
		}
		dir := filepath.Dir(p)
		if err := os.Rename(dir, dir+".part"); err != nil {
			t.Fatal(err)
		}
	}
	run()
	noQEMULeft(t)
}
