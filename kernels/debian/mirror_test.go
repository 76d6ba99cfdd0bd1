package debian

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/kernels"
)

// TestHostMirror lists and fetches from the host's apt mirror.
func TestHostMirror(t *testing.T) {
	if os.Getenv("SPLICELAB_NET_TESTS") != "1" {
		t.Skip("SPLICELAB_NET_TESTS=1 not set: needs a real mirror")
	}
	store, err := kernels.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Architecture: "amd64"}, store)
	if err != nil {
		t.Skipf("no mirror on this host: %v", err)
	}
	start := time.Now()
	entries, err := kernels.List(t.Context(), []kernels.Source{s})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d kernels in %v; warnings: %s", len(entries), time.Since(start), strings.Join(s.Warnings(), "; "))
	start = time.Now()
	again, err := kernels.List(t.Context(), []kernels.Source{s})
	if err != nil || len(again) != len(entries) {
		t.Fatalf("%d kernels the second time, %v", len(again), err)
	}
	t.Logf("the second time in %v", time.Since(start))
	series := map[string]bool{}
	for _, e := range entries {
		series[e.Series()] = true
		if e.Flavour != "cloud-amd64" || e.Version.IsZero() || e.Size == 0 {
			t.Errorf("%+v", e)
		}
	}
	for _, want := range []string{"5.10", "6.1", "6.12"} {
		if !series[want] {
			t.Errorf("no kernel of %s among %v", want, series)
		}
	}
	chosen, err := kernels.Select(entries, "5.10,newest:1")
	if err != nil {
		t.Fatal(err)
	}
	found, err := kernels.FetchAll(t.Context(), chosen, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range found {
		if !k.PVH || k.Modules == "" || k.Config == "" {
			t.Errorf("%+v", k)
		}
		if _, err := kernels.ReadFile(k, "modules.builtin"); err != nil {
			t.Errorf("%s: %v", k.Release, err)
		}
	}
}
