package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/splicelab/splicelab/kernels"
)

// Prefix is the prefix of build selectors.
const Prefix = "build:"

// Named is the source of the kernels selected by build:NAME. They are built
// when fetched; until then only their configuration is created.
type Named struct {
	Builder Builder
	Builds  []Build

	mu       sync.Mutex
	prepared map[string]*Prepared // by selector
}

// List returns nothing: builds exist only as selectors.
func (*Named) List(context.Context) ([]kernels.Entry, error) { return nil, nil }

// Prefix implements kernels.Namer.
func (*Named) Prefix() string { return Prefix }

// Named implements kernels.Namer.
func (n *Named) Named(ctx context.Context, selector string) (kernels.Entry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.prepared[selector]
	if p == nil {
		b, err := n.find(strings.TrimPrefix(selector, Prefix))
		if err != nil {
			return kernels.Entry{}, &kernels.SelectorError{Selector: selector, Reason: err.Error(), Near: n.names()}
		}
		if p, err = n.Builder.Prepare(ctx, b); err != nil {
			return kernels.Entry{}, err
		}
		if n.prepared == nil {
			n.prepared = map[string]*Prepared{}
		}
		n.prepared[selector] = p
	}
	e, err := p.Entry()
	e.Note, e.Source = p.Warning, n
	return e, err
}

func (n *Named) find(name string) (Build, error) {
	i := slices.IndexFunc(n.Builds, func(b Build) bool { return b.Name == name })
	if i < 0 {
		return Build{}, errors.New("there is no such build: declare it under kernels.builds in splicelab.yaml")
	}
	return n.Builds[i], nil
}

func (n *Named) names() []string {
	var all []string
	for _, b := range n.Builds {
		all = append(all, Prefix+b.Name)
	}
	return all
}

// Fetch implements kernels.Source.
func (n *Named) Fetch(ctx context.Context, e kernels.Entry, _ kernels.Progress) (kernels.Kernel, error) {
	n.mu.Lock()
	p := n.prepared[e.Origin]
	n.mu.Unlock()
	if p == nil {
		return kernels.Kernel{}, fmt.Errorf("%s was not prepared", e.Origin)
	}
	// It is in the store now, so another process may build.
	defer p.Close()
	return p.Fetch(ctx)
}
