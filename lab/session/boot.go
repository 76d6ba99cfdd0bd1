package session

import (
	"context"
	"io"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/progress"
)

// Guest selects the kernel and filesystem for a single program or a shell.
type Guest struct {
	Kernel     string // a selector that names one
	Filesystem string // a profile; empty: none
	Modules    []string
}

// Boot resolves and fetches the guest's kernel, and finds its profile, or nil.
func (s Settings) Boot(ctx context.Context, g Guest, p kernels.Progress) (kernels.Kernel, *images.Profile, error) {
	var profile *images.Profile
	if g.Filesystem != "" {
		found, err := s.Profile(g.Filesystem)
		if err != nil {
			return kernels.Kernel{}, nil, err
		}
		profile = &found
	}
	store, err := s.OpenKernels()
	if err != nil {
		return kernels.Kernel{}, nil, err
	}
	archive := s.Archive(store, false)
	entries, err := archive.Resolve(ctx, g.Kernel)
	if err != nil {
		return kernels.Kernel{}, nil, err
	}
	if len(entries) != 1 {
		return kernels.Kernel{}, nil, input.Optionf("kernel", "%s names %d kernels: name one, for example %s", g.Kernel, len(entries), entries[len(entries)-1].Version)
	}
	found, err := kernels.FetchAll(ctx, entries, 1, p)
	if err != nil {
		return kernels.Kernel{}, nil, err
	}
	return found[0], profile, nil
}

// OpenVM prepares a lab for one VM, with its kernel and its profile, or nil. log
// shows downloads and what the lab reports. release must be called when the VM
// has terminated.
func (s Settings) OpenVM(ctx context.Context, g Guest, log io.Writer) (l *lab.Lab, k kernels.Kernel, p *images.Profile, release func(), err error) {
	open, err := s.OpenGuest(ctx)
	if err != nil {
		return nil, k, nil, nil, err
	}
	downloads, stop := Downloads(log)
	k, p, err = open.Boot(ctx, g, downloads)
	stop()
	if err == nil {
		l, err = open.NewLab(ctx, k, log)
	}
	if err != nil {
		open.Close()
		return nil, k, nil, nil, err
	}
	return l, k, p, open.Close, nil
}

// Downloads shows downloads only if log is a terminal: under go test, standard
// error is part of the test's output.
func Downloads(log io.Writer) (kernels.Progress, func()) {
	if !progress.IsTerminal(log) {
		return nil, func() {}
	}
	p := progress.New(log)
	return p, p.Close
}
