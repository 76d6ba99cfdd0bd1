package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/session"
)

// vmFlags are the flags of every verb that boots a VM.
func (a *app) vmFlags(f *pflag.FlagSet) {
	d := config.Default().VM
	f.String("accel", d.Accel, "`ACCELERATOR` to run VMs with: auto, kvm or tcg")
	f.Int("memory", d.Memory, "give each VM `N` MiB of memory")
	f.Int("cpus", d.CPUs, "give each VM `N` processors")
	f.Duration("boot-timeout", d.BootTimeout, "`TIME` that a kernel may take to boot")
	f.Duration("silence-timeout", d.SilenceTimeout, "`TIME` that a VM may be silent")
	f.Duration("cell-timeout", d.CellTimeout, "`TIME` that one cell may take")
	f.String("kernel-args", "", "add `ARGS` to the kernel command line, separated by spaces")
	for _, name := range []string{"accel", "memory", "cpus", "boot-timeout", "silence-timeout", "cell-timeout", "kernel-args"} {
		a.bind(f, name, "vm."+name)
	}
}

func (a *app) guestFlags(cmd *cobra.Command, g *session.Guest) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&g.Kernel, "kernel", "k", "", "boot the `KERNEL` that this selector matches (required)")
	f.StringVarP(&g.Filesystem, "filesystem", "f", "", "mount this filesystem profile: `NAME` (default: none, only the initramfs)")
	f.StringArrayVar(&g.Modules, "module", nil, "load the kernel module `NAME` and its dependencies first (repeatable)")
	a.vmFlags(f)
}

// needsKernel rejects exec and shell without a kernel.
func needsKernel(g session.Guest) error {
	if g.Kernel == "" {
		return usagef("name the kernel to boot, for example -k 6.12; splicelab kernels list shows them")
	}
	return nil
}
