package lab

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
)

// conditions are what could explain a difference between two runs of a plan,
// besides the lab's own settings: the mkfs tools, how each filesystem is created
// and mounted, the test programs, and kernel arguments. What cannot be read is
// omitted: the run itself will report it.
func (l *Lab) conditions(ctx context.Context, p plan.Plan) map[string]string {
	cond := map[string]string{}
	for i := range p.Profiles {
		f := &p.Profiles[i]
		cond["filesystem "+f.Name] = madeAs(f)
		if !f.HasDisk() {
			continue
		}
		tool := filepath.Base(f.Mkfs[0])
		if _, known := cond[tool]; !known {
			if v, err := images.Tools(l.cfg.MkfsPath).Version(ctx, f.Mkfs[0]); err == nil {
				cond[tool] = v
			}
		}
	}
	for _, name := range p.Suites() {
		if digest, err := suite.DigestFile(l.suites.Binary(name)); err == nil {
			cond["suite "+name] = digest
		}
	}
	if len(l.cfg.KernelArgs) > 0 {
		cond["kernel-args"] = strings.Join(l.cfg.KernelArgs, " ")
	}
	return cond
}

// madeAs describes how a filesystem is created and mounted, in one line.
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
