// Command generate builds the guest programs and packs them for embedding.
// go generate runs it, and so does make build. The programs for the build
// machine's architecture are built into a directory, and others into directories
// of their names below it. An architecture that has been built once is kept up to
// date, so that none of its programs is older than the lab's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/guestbin"
	"github.com/splicelab/splicelab/internal/guestbin/build"
)

func main() {
	source := flag.String("source", "../..", "`directory` of the module")
	programs := flag.String("programs", "../../bin/guest", "`directory` that the programs are built into")
	archives := flag.String("archives", "archives", "`directory` that the archives are written to")
	arches := flag.String("arches", "", "`architectures` besides this machine's, separated by commas, or all")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	changed, err := generate(ctx, *source, *programs, *archives, *arches)
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(3)
	}
	if len(changed) > 0 {
		fmt.Println("packed", strings.Join(changed, ", "))
	}
}

func generate(ctx context.Context, source, programs, archives, arches string) ([]string, error) {
	wanted, err := choose(arches, programs)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, a := range wanted {
		dir := programsOf(programs, a)
		if err := build.Programs(ctx, source, dir, a.Name); err != nil {
			return nil, err
		}
		packed := filepath.Join(archives, a.Name)
		if err := os.MkdirAll(packed, 0o755); err != nil {
			return nil, err
		}
		changed, err := guestbin.Pack(dir, packed)
		if err != nil {
			return nil, err
		}
		for _, name := range changed {
			all = append(all, a.Name+"/"+name)
		}
	}
	return all, removeOthers(archives, wanted)
}

// programsOf is where the programs for an architecture are built.
func programsOf(programs string, a arch.Arch) string {
	if a.Name == arch.Default().Name {
		return programs
	}
	return filepath.Join(programs, a.Name)
}

// choose returns the architectures to build for: this machine's, those that were
// requested, and those that were built before.
func choose(request, programs string) ([]arch.Arch, error) {
	var names []string
	for name := range strings.FieldsFuncSeq(request, func(r rune) bool { return r == ',' || r == ' ' }) {
		if name != "all" {
			if _, err := arch.Parse(name); err != nil {
				return nil, err
			}
		}
		names = append(names, name)
	}
	var chosen []arch.Arch
	for _, a := range arch.All() {
		_, err := os.Stat(programsOf(programs, a))
		if err == nil || a.Name == arch.Default().Name || slices.Contains(names, "all") || slices.Contains(names, a.Name) {
			chosen = append(chosen, a)
		}
	}
	return chosen, nil
}

// removeOthers removes archives that are not of these architectures.
func removeOthers(archives string, wanted []arch.Arch) error {
	entries, err := os.ReadDir(archives)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "README.md" || slices.ContainsFunc(wanted, func(a arch.Arch) bool { return a.Name == e.Name() }) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(archives, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
