package web

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/results/page"
)

// The map of runs that are read by tests is that of the same runs read at once.
func TestMapOfPagedRuns(t *testing.T) {
	t.Parallel()
	store := sampleStore(t, storePath(t))
	small := quick
	small.cells = 13 // the sample runs have 24, their tests 12
	paged, whole := testServer(t, Config{Store: store}, small), testServer(t, Config{Store: store}, quick)
	for _, target := range []string{"/api/map", "/api/map?fold=1", "/api/map?tests=small&policy=alias", "/api/map?fs=xfs&runs=latest,@baseline", "/api/map?tests=nothing"} {
		got, want := get[page.Map](t, paged.Handler(), target), get[page.Map](t, whole.Handler(), target)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-at once +by tests):\n%s", target, d)
		}
		if len(want.Rows) == 0 && target != "/api/map?tests=nothing" {
			t.Errorf("%s has no rows", target)
		}
	}
	// More than a map can hold is refused with the way out.
	small.mapCells = 10
	w := ask(testServer(t, Config{Store: store}, small).Handler(), "GET", "/api/map")
	var f Failure
	if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil || w.Code != 413 || f.Error != "a map of more than 10 cells is too large: name fewer tests or filesystems" {
		t.Errorf("%d %q, %v", w.Code, f.Error, err)
	}
}
