package kernelset

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/progress"
)

// Describe writes what is known about a kernel, and the files of a cached one. It
// fetches nothing.
func Describe(ctx context.Context, out io.Writer, e kernels.Entry) error {
	w := text.NewTable(out)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, sanitize.Line(value))
		}
	}
	line("release", e.Release)
	line("version", e.Version.String())
	line("package", e.PackageVersion)
	line("flavour", e.Flavour)
	line("origin", e.Origin)
	line("note", e.Note)
	line("modules", yesNo(e.Modules))
	line("cached", yesNo(e.Cached))
	if name, built := strings.CutPrefix(e.Origin, source.Prefix); built && !e.Cached {
		line("build it", "splicelab kernels build "+name)
		return w.Flush()
	}
	if !e.Cached && e.Size > 0 {
		line("download", progress.Bytes(e.Size))
		line("fetch it", "splicelab kernels fetch "+e.Version.String())
		return w.Flush()
	}
	// A cached kernel, or a file, is verified here and not downloaded.
	found, err := kernels.FetchAll(ctx, []kernels.Entry{e}, 1, nil)
	if err != nil {
		return err
	}
	k := found[0]
	boots := "bzImage"
	if k.PVH && k.Vmlinux != "" {
		boots = "vmlinux, by PVH"
	}
	if k.Origin != e.Origin {
		line("built from", k.Origin)
	}
	line("digest", k.Digest)
	line("boots", boots)
	line("vmlinux", k.Vmlinux)
	line("bzImage", k.BzImage)
	line("modules in", k.Modules)
	line("config", k.Config)
	return w.Flush()
}
