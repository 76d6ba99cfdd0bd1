package session

import (
	"context"
	"errors"
	"testing"

	"github.com/splicelab/splicelab/kernels"
)

// A kernel that could not be fetched is listed once, and not reported again as
// an error of the run.
func TestMissingKernels(t *testing.T) {
	gone, other := errors.New("gone"), errors.New("the disk is full")
	var m missing
	fetch := m.watch(func(_ context.Context, release string) (kernels.Kernel, error) {
		switch release {
		case "6.1":
			return kernels.Kernel{}, gone
		case "6.6":
			return kernels.Kernel{}, context.Canceled
		}
		return kernels.Kernel{Release: release}, nil
	})
	entries := []kernels.Entry{{Release: "5.10"}, {Release: "6.1"}, {Release: "6.6"}}
	for _, e := range entries {
		_, _ = fetch(t.Context(), e.Release) // failures are recorded
	}
	list, err := m.list(entries, errors.Join(gone, errors.Join(other)))
	if len(list) != 1 || list[0].Kernel != "6.1" || list[0].Reason != "gone" {
		t.Errorf("missing: %v, want only 6.1", list)
	}
	if !errors.Is(err, other) || errors.Is(err, gone) {
		t.Errorf("the rest of the error is %v, want only the disk", err)
	}
}
