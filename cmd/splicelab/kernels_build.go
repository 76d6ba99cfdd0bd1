package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/kernelset"
)

func (a *app) kernelsBuildCommand() *cobra.Command {
	var b source.Build
	var jobs int
	cmd := &cobra.Command{
		Use:   "build [NAME]",
		Short: "Build a kernel from source, for build:NAME",
		Long: `build builds a kernel into the cache: NAME as declared in splicelab.yaml under
kernels.builds, overridden by flags, or as given by the flags alone. A run then
selects it as build:NAME. More: splicelab help building. The lab's own fragments:
` + strings.Join(ownFragments(), ", ") + `.

Exit codes: 0 built; 2 the request cannot be built, for the reason given; 3 the
lab failed, the disk is full, or it was interrupted.`,
		Example: `  splicelab kernels build --name mine --tree ~/linux
  splicelab kernels build --name fix --tree ~/linux --ref v6.12 --patch fix.patch --fragment kasan
  splicelab kernels build --name deb --tree linux.tar.xz --base kernel:6.12 --option CONFIG_XFS_DEBUG=y
  splicelab kernels build --name arm --tree ~/linux --arch arm64
  splicelab run -k build:mine -f xfs`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			build, err := kernelset.Declared(a.cfg.Kernels.Builds, cli.First(args), b, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			return kernelset.Build(cmd.Context(), a.session(), a.Stdout, a.Stderr, build, jobs)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&b.Name, "name", "", "call the kernel `NAME` (default: the argument)")
	f.StringVar(&b.Tree, "tree", "", "build `SOURCE`: a directory, a tarball, or a git repository")
	f.StringVar(&b.Ref, "ref", "", "build this `COMMIT`, branch or tag of the repository")
	buildFlags(f, &b)
	a.progressFlag(f)
	f.IntVarP(&jobs, "jobs", "j", 0, "compile `N` files at once (default: the number of CPUs)")
	return cmd
}

// buildFlags defines the flags that control how a source is built.
func buildFlags(f *pflag.FlagSet, b *source.Build) {
	f.StringVar(&b.Base, "base", "", "start from this `CONFIG`: lab, defconfig, kernel:SELECTOR or a file (default lab)")
	f.StringSliceVar(&b.Fragments, "fragment", nil, "merge the `FRAGMENT`, one of the lab's or a file (repeatable)")
	f.StringArrayVar(&b.Options, "option", nil, "set `CONFIG_NAME=VALUE`, n for off (repeatable)")
	f.StringArrayVar(&b.Patches, "patch", nil, "apply the patch `FILE` (repeatable)")
	f.StringVar(&b.Compiler, "compiler", "", "use the C compiler `CC` (default gcc, or the cross compiler)")
	f.StringVar(&b.Arch, "arch", "", "build for the `ARCHITECTURE`: "+strings.Join(arch.Names(), ", ")+" (default: the host's)")
}

func ownFragments() []string {
	return slices.DeleteFunc(source.Fragments(), func(n string) bool { return n == "distribution" })
}
