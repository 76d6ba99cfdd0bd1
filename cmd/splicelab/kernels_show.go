package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/progress"
)

func (a *app) kernelsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show SELECTORS",
		Short: "Show where kernels come from, and the files of those that are cached",
		Long: `show tells all that is known of the kernels that the selectors name. Files and
digest are there once a kernel has been fetched; show itself fetches nothing.`,
		Example: `  splicelab kernels show 6.12
  splicelab kernels show file:/boot/vmlinuz`,
		Args: arguments(1, 1, "a selector, for example 6.12"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.session().OpenKernels()
			if err != nil {
				return err
			}
			entries, err := a.session().Archive(store, false).Resolve(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for i, e := range entries {
				if i > 0 {
					fmt.Fprintln(a.stdout)
				}
				if err := a.showKernel(cmd.Context(), e); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (a *app) showKernel(ctx context.Context, e kernels.Entry) error {
	w := text.NewTable(a.stdout)
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
		line("built of", k.Origin)
	}
	line("digest", k.Digest)
	line("boots", boots)
	line("vmlinux", k.Vmlinux)
	line("bzImage", k.BzImage)
	line("modules in", k.Modules)
	line("config", k.Config)
	return w.Flush()
}
