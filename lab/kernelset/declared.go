package kernelset

import (
	"slices"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/kernels/source"
)

// Declared returns the build that is declared under a name, overridden by flags
// that were given. name may be empty: then the flags name it.
func Declared(builds []source.Build, name string, flags source.Build, given func(flag string) bool) (source.Build, error) {
	b := source.Build{Name: flags.Name}
	if name != "" {
		if flags.Name != "" && flags.Name != name {
			return b, input.Errorf("the build is called %s and --name says %s: use one", name, flags.Name)
		}
		b.Name = name
	}
	i := slices.IndexFunc(builds, func(d source.Build) bool { return d.Name == b.Name })
	switch {
	case i >= 0:
		b = builds[i]
	case b.Name == "":
		return b, input.Errorf("name the build: an entry of kernels.builds in splicelab.yaml, or --name with --tree")
	case flags.Tree == "":
		return b, input.Errorf("there is no build %q under kernels.builds in splicelab.yaml: declare it, or say --tree", b.Name)
	}
	for flag, set := range map[string]func(){
		"tree": func() { b.Tree = flags.Tree }, "ref": func() { b.Ref = flags.Ref }, "base": func() { b.Base = flags.Base },
		"fragment": func() { b.Fragments = flags.Fragments }, "option": func() { b.Options = flags.Options },
		"patch": func() { b.Patches = flags.Patches }, "compiler": func() { b.Compiler = flags.Compiler },
		"arch": func() { b.Arch = flags.Arch },
	} {
		if given(flag) {
			set()
		}
	}
	return b, b.Validate()
}
