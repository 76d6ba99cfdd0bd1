package lab

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/images"
)

// conditions are what a difference between two runs of a plan could be
// explained by, beside the lab's own settings: the tools that make the
// filesystems, how each is made and mounted, the test programs, and arguments
// of the kernel. What cannot be read is left out: the run will say so itself.
func (l *Lab) conditions(ctx context.Context, p Plan) map[string]string {
	cond := map[string]string{}
	for i := range p.Profiles {
		f := &p.Profiles[i]
		cond["filesystem "+f.Name] = madeAs(f)
		if !f.HasDisk() {
			continue
		}
		tool := filepath.Base(f.Mkfs[0])
		if _, known := cond[tool]; !known {
			if v, err := images.ToolVersion(ctx, f.Mkfs[0]); err == nil {
				cond[tool] = v
			}
		}
	}
	seen := map[string]bool{}
	for _, t := range p.Tests {
		if seen[t.Suite] {
			continue
		}
		seen[t.Suite] = true
		program := filepath.Join(l.cfg.GuestDir, t.Suite+suiteSuffix)
		if own, ok := l.own(t.Suite); ok {
			program = cmp.Or(own.Program, own.Binary)
		}
		if digest, err := digestFile(program); err == nil {
			cond["suite "+t.Suite] = digest
		}
	}
	if len(l.cfg.KernelArgs) > 0 {
		cond["kernel-args"] = strings.Join(l.cfg.KernelArgs, " ")
	}
	return cond
}

// madeAs is how a filesystem is made and mounted, in one line.
func madeAs(p *images.Profile) string {
	parts := []string{p.Type}
	if p.HasDisk() {
		parts = append(parts, strings.Join(p.Mkfs, " "))
	}
	if p.SizeMiB > 0 {
		parts = append(parts, fmt.Sprintf("%d MiB", p.SizeMiB))
	}
	if p.Options != "" {
		parts = append(parts, "-o "+p.Options)
	}
	if p.Overlay {
		parts = append(parts, "below an overlay")
	}
	if p.Pmem {
		parts = append(parts, "persistent memory")
	}
	return strings.Join(parts, ", ")
}
