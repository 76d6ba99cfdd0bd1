package images

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/kernels"
)

// moduleSet is what an image holds for the guest's modprobe.
type moduleSet struct {
	all     []module // each after what it needs
	builtin []string // wanted, and no module on this kernel
}

// onDemand adds to the modules that are loaded at once those that may be
// wanted later, and what they need. One that the kernel does not have is no
// error: only the test that wants it has to know.
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
			continue // it has the module, and not what that needs
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

// lists are the lists that modprobe reads, by file name and in depmod's own
// formats: what each module needs, by which aliases it goes, what is built in.
func (s moduleSet) lists() map[string]string {
	var deps, aliases, builtin strings.Builder
	for _, m := range s.all {
		fmt.Fprintf(&deps, "%s.ko:", m.name)
		// depmod writes what is to be loaded first at the end. A module that
		// is built in after all is in no image.
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

// needs returns all that must be loaded before m, in load order.
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

// moduleNames normalises names, so that equal sets of modules get one image.
func moduleNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = moduleName(n)
	}
	return out
}
