package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/outcome"
)

// fetchJobs is how many kernels are fetched at once: enough to fill a line
// while others are being unpacked.
const fetchJobs = 4

// vmFlags are the flags of every verb that boots something.
func (a *app) vmFlags(f *pflag.FlagSet) {
	d := config.Default().VM
	f.String("accel", d.Accel, "`ACCELERATOR` to run VMs with: auto, kvm or tcg")
	f.Int("memory", d.Memory, "give each VM `N` MiB of memory")
	f.Duration("boot-timeout", d.BootTimeout, "`TIME` that a kernel may take to boot")
	f.Duration("silence-timeout", d.SilenceTimeout, "`TIME` in which a VM must give a sign of life")
	f.Duration("cell-timeout", d.CellTimeout, "`TIME` that one cell may take")
	f.String("kernel-args", "", "add `ARGS` to the kernel command line, separated by spaces")
	for _, name := range []string{"accel", "memory", "boot-timeout", "silence-timeout", "cell-timeout", "kernel-args"} {
		a.bind(f, name, "vm."+name)
	}
}

// guest is what exec and shell boot: one kernel, with at most one filesystem.
type guest struct {
	kernel     string
	filesystem string
	modules    []string // loaded at boot
}

func (a *app) guestFlags(cmd *cobra.Command, g *guest) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&g.kernel, "kernel", "k", "", "boot the `KERNEL` that this selector names (required)")
	f.StringVarP(&g.filesystem, "filesystem", "f", "", "mount this filesystem profile: `NAME` (default: none, only the initramfs)")
	f.StringArrayVar(&g.modules, "module", nil, "load the kernel module `NAME` and what it needs first (repeatable)")
	a.vmFlags(f)
	a.completeSelections(cmd)
}

// boot turns the flags into a kernel that is ready and a profile, or nil.
func (a *app) boot(ctx context.Context, g guest, p kernels.Progress) (kernels.Kernel, *images.Profile, error) {
	if g.kernel == "" {
		return kernels.Kernel{}, nil, usagef("say which kernel to boot, for example -k 6.12; splicelab kernels list shows them")
	}
	var profile *images.Profile
	if g.filesystem != "" {
		profiles, err := a.profiles(g.filesystem)
		if err != nil {
			return kernels.Kernel{}, nil, err
		}
		if len(profiles) != 1 {
			return kernels.Kernel{}, nil, usagef("-f %s names %d filesystems: name one", g.filesystem, len(profiles))
		}
		profile = &profiles[0]
	}
	store, err := a.kernelStore()
	if err != nil {
		return kernels.Kernel{}, nil, err
	}
	src := a.archive(store, false)
	entries, err := resolve(ctx, src, g.kernel)
	if err != nil {
		a.warnOf(src) // it may say why the kernel is not there
		return kernels.Kernel{}, nil, err
	}
	if len(entries) != 1 {
		return kernels.Kernel{}, nil, usagef("-k %s names %d kernels: name one, for example -k %s", g.kernel, len(entries), entries[len(entries)-1].Version)
	}
	found, err := kernels.FetchAll(ctx, entries, 1, p)
	if err != nil {
		return kernels.Kernel{}, nil, err
	}
	return found[0], profile, nil
}

// profiles are the built-in and the user's own profiles of these names. The
// only faults that there can be are the user's.
func (a *app) profiles(names string) ([]images.Profile, error) {
	found, err := images.Select(names, a.cfg.Filesystems)
	if err != nil {
		return nil, usagef("%s", err)
	}
	return found, nil
}

// completeSelections completes the flags whose words are known without a
// network.
func (a *app) completeSelections(cmd *cobra.Command) {
	var profiles []string
	if builtin, err := images.Builtin(); err == nil {
		for _, p := range builtin {
			profiles = append(profiles, p.Name+"\t"+p.Doc)
		}
	}
	var policies []string
	for _, p := range outcome.Policies {
		policies = append(policies, string(p))
	}
	for flag, words := range map[string][]string{
		"filesystems": profiles,
		"filesystem":  profiles,
		"policy":      policies,
		"accel":       config.Accels,
		"isolation":   config.Isolations,
		"kernels":     strings.Split(config.DefaultKernels, ","),
		"kernel":      strings.Split(config.DefaultKernels, ","),
	} {
		if cmd.Flags().Lookup(flag) == nil {
			continue
		}
		// It fails only for a flag that is not there, or registered twice.
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

// bootLab prepares all that exec and shell need to boot a guest. release
// must be called when the VM has ended.
func (a *app) bootLab(ctx context.Context, g guest) (l *lab.Lab, k kernels.Kernel, p *images.Profile, release func(), err error) {
	release, err = a.useVMs(ctx)
	if err != nil {
		return nil, k, nil, nil, err
	}
	progress, stop := a.quiet()
	k, p, err = a.boot(ctx, g, progress)
	stop()
	if err == nil {
		l, err = a.newLab(ctx, k, nil, a.stderr)
	}
	if err != nil {
		release()
		return nil, k, nil, nil, err
	}
	return l, k, p, release, nil
}
