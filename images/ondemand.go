package images

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/kernels"
)

// moduleSet is the content of an image for the guest's modprobe.
type moduleSet struct {
	all     []module // each after its dependencies
	builtin []string // wanted, but built into this kernel
}

// onDemand adds the modules that may be loaded later, with their dependencies,
// to those loaded at boot. A missing one is not an error here: it concerns only
// the test that requests it.
func onDemand(ctx context.Context, k kernels.Kernel, names []string, loaded []module) (moduleSet, error) {
	set := moduleSet{all: slices.Clone(loaded)}
	if len(names) == 0 {
		return set, nil
	}
	t, err := OpenModuleTree(k)
	if err != nil {
		return moduleSet{}, err
	}
	r := newResolver(ctx, t)
	for _, name := range names {
		switch t.Availability(name) {
		case Missing:
			continue
		case BuiltIn, Unknown:
			set.builtin = append(set.builtin, moduleName(name))
		}
		var missing *MissingModuleError
		if err := r.add(name); errors.As(err, &missing) {
			continue // a dependency is missing
		} else if err != nil {
			return moduleSet{}, err
		}
	}
	for _, m := range r.order {
		if !slices.ContainsFunc(set.all, func(o module) bool { return o.name == m.name }) {
			set.all = append(set.all, m)
		}
	}
	return set, nil
}

// lists are the indexes that modprobe reads, by file name and in depmod's
// formats: dependencies, aliases and built-in modules.
func (s moduleSet) lists() map[string]string {
	var deps, aliases, builtin strings.Builder
	for _, m := range s.all {
		fmt.Fprintf(&deps, "%s.ko:", m.name)
		// depmod lists dependencies in reverse load order. A built-in module
		// is in no image.
		for _, need := range slices.Backward(s.needs(m)) {
			fmt.Fprintf(&deps, " %s.ko", need)
		}
		deps.WriteByte('\n')
		for _, a := range m.aliases {
			fmt.Fprintf(&aliases, "alias %s %s\n", a, m.name)
		}
	}
	for _, name := range s.builtin {
		fmt.Fprintf(&builtin, "%s.ko\n", name)
	}
	return map[string]string{"modules.dep": deps.String(), "modules.alias": aliases.String(), "modules.builtin": builtin.String()}
}

// needs returns everything that must be loaded before m, in load order.
func (s moduleSet) needs(m module) []string {
	wanted := map[string]bool{}
	var mark func(m module)
	mark = func(m module) {
		for _, n := range m.needs {
			if i := slices.IndexFunc(s.all, func(o module) bool { return o.name == n }); i >= 0 && !wanted[n] && n != m.name {
				wanted[n] = true
				mark(s.all[i])
			}
		}
	}
	mark(m)
	var out []string
	for _, o := range s.all {
		if wanted[o.name] && o.name != m.name {
			out = append(out, o.name)
		}
	}
	return out
}

// moduleNames normalises names, so that equal sets of modules share an image.
func moduleNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = moduleName(n)
	}
	return out
}
