package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
)

// modprobeName is the name under which the kernel, or a test, runs the agent to
// load a module: the default of CONFIG_MODPROBE_PATH.
const modprobeName = "/sbin/modprobe"

// moduleDir contains the modules, and indexes in depmod's formats.
const moduleDir = "/modules"

// errNoModule reports that the kernel lacks the module. Its text becomes a skip
// reason.
var errNoModule = errors.New("this kernel has no such module: neither built in nor in its module tree")

// probe loads the modules or aliases in args, after their dependencies, and
// returns the exit status. The options that the kernel passes (-q --) are
// ignored.
func probe(args []string) int {
	for _, name := range args {
		if strings.HasPrefix(name, "-") {
			continue
		}
		if err := probeOne(moduleDir, name); err != nil {
			fmt.Fprintf(os.Stderr, "module %s: %v\n", name, err)
			return 1
		}
	}
	return 0
}

func probeOne(dir, name string) error {
	paths, err := resolveModule(dir, name)
	if err != nil {
		return err
	}
	return loadModules(paths)
}

// resolveModule returns the files for name, in load order; none if it is built
// in.
func resolveModule(dir, name string) ([]string, error) {
	name = plainName(name)
	if builtin, err := findLine(dir, "modules.builtin", func(f []string) bool { return plainName(f[0]) == name }); err != nil || builtin != nil {
		return nil, err
	}
	isName := func(f []string) bool { return plainName(strings.TrimSuffix(f[0], ":")) == name }
	dep, err := findLine(dir, "modules.dep", isName)
	if err != nil {
		return nil, err
	}
	if dep == nil {
		alias, err := findLine(dir, "modules.alias", func(f []string) bool {
			ok, err := path.Match(plainName(f[1]), name)
			return ok && err == nil
		})
		if err != nil {
			return nil, err
		}
		if alias == nil {
			return nil, errNoModule
		}
		name = plainName(alias[2])
		if dep, err = findLine(dir, "modules.dep", isName); err != nil || dep == nil {
			return nil, errors.Join(errNoModule, err)
		}
	}
	dep[0] = strings.TrimSuffix(dep[0], ":")
	var paths []string
	for i := range dep {
		paths = append(paths, path.Join(dir, dep[len(dep)-1-i]))
	}
	return paths, nil
}

// findLine returns the words of the first line of an index that match accepts,
// or nil.
func findLine(dir, list string, match func([]string) bool) ([]string, error) {
	f, err := os.Open(path.Join(dir, list))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		if w := strings.Fields(sc.Text()); len(w) > 0 && match(w) {
			return w, nil
		}
	}
	return nil, sc.Err()
}

// plainName is the form in which modules are compared: without suffix, _ for -.
func plainName(s string) string {
	return strings.ReplaceAll(strings.TrimSuffix(s, ".ko"), "-", "_")
}
