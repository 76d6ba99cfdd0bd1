package kernels

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/internal/kernelversion"
)

func TestEntryOrder(t *testing.T) {
	entry := func(upstream, pkg, release string) Entry {
		return Entry{Version: version(upstream), PackageVersion: pkg, Release: release}
	}
	ordered := []Entry{
		entry("6.1.192", "6.1.192-1", "6.1.0-55"),
		entry("6.1.192", "6.1.192-2", "6.1.0-56"),
		entry("6.12.117", "6.12.117-1~deb12u1", "6.12.117+deb12"),
		entry("6.12.117", "6.12.117-1", "6.12.117+deb13"),
		entry("6.12.117", "6.12.117-10", "6.12.117+deb13.9"),
		entry("7.3-rc7", "7.3~rc7-1~exp1", "7.3"),
		entry("7.3", "7.3-1~exp1", "7.3"),
	}
	shuffled := slices.Clone(ordered)
	slices.Reverse(shuffled)
	SortEntries(shuffled)
	for i := range ordered {
		if CompareEntries(ordered[i], shuffled[i]) != 0 {
			t.Errorf("at %d is %s, want %s", i, shuffled[i].PackageVersion, ordered[i].PackageVersion)
		}
	}
}

func version(s string) kernelversion.Version {
	v, err := kernelversion.Parse(s)
	if err != nil {
		panic(err)
	}
	return v
}

// A release does not identify a kernel: two file kernels may share one.
func TestFetchTwoKernelsOfOneRelease(t *testing.T) {
	entries := []Entry{{Release: "6.12.9", Source: Kept{Kernel{Release: "6.12.9", Arch: AMD64, Digest: "a"}}},
		{Release: "6.12.9", Source: Kept{Kernel{Release: "6.12.9", Arch: AMD64, Digest: "b"}}}}
	found, err := FetchAll(t.Context(), entries, 2, nil)
	if err != nil || len(found) != 2 || found[0].ID() == found[1].ID() {
		t.Fatalf("fetched %+v, %v", found, err)
	}
	if want := (ID{Arch: AMD64, Release: "6.12.9", Digest: "b"}); found[1].ID() != want {
		t.Errorf("the second kernel is %v, want %v", found[1].ID(), want)
	}
	wait := Prefetch(t.Context(), entries, 1, nil)
	if k, err := wait(t.Context(), "6.12.9"); err == nil {
		t.Errorf("of two kernels of one release, %v was chosen", k.ID())
	}
}
