package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
)

func TestConditions(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"mkfs.minix":  "#!/bin/sh\necho mkfs.minix version 4 >&2\nexit 1\n",
		"splice.test": "one", "mine.test": "two", "mine.prog": "three",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l := &Lab{cfg: Config{MkfsPath: []string{dir}, KernelArgs: []string{"slub_debug", "quiet"}}, suites: suite.Set{Guest: suite.Guest{Dir: dir},
		User: []suite.User{{Suite: protocol.Suite{Name: "mine"}, Binary: filepath.Join(dir, "mine.test"), Program: filepath.Join(dir, "mine.prog")}}}}
	p := plan.Plan{
		Profiles: []images.Profile{
			{Name: "demo", Type: "demofs", Mkfs: []string{"mkfs.minix", "-i", "1024"}, SizeMiB: 64, Options: "noatime", Overlay: true},
			{Name: "demo-nowhere", Type: "demofs", Mkfs: []string{"mkfs.nowhere"}, Pmem: true},
			{Name: "tmpfs", Type: "tmpfs"},
		},
		Tests: []plan.Test{{Suite: "splice", Top: "TestA"}, {Suite: "splice", Top: "TestB"}, {Suite: "mine", Top: "TestA"}, {Suite: "gone", Top: "TestA"}},
	}
	got := l.conditions(t.Context(), p)
	for name, digest := range map[string]string{"suite splice": "7692c3ad3540bb80", "suite mine": "8b5b9db0c13db24256c829aa364aa90c"} {
		if !strings.HasPrefix(got[name], digest) {
			t.Errorf("%s is %s, want %s…", name, got[name], digest)
		}
		delete(got, name)
	}
	want := map[string]string{
		"filesystem demo":         "demofs, mkfs.minix -i 1024, 64 MiB, -o noatime, below an overlay",
		"filesystem demo-nowhere": "demofs, mkfs.nowhere, persistent memory",
		"filesystem tmpfs":        "tmpfs",
		"mkfs.minix":              "mkfs.minix version 4",
		"kernel-args":             "slub_debug quiet",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
