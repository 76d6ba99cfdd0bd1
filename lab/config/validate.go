package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/format"
)

// Accels and Isolations are the values of vm.accel and run.isolation.
var (
	Accels     = []string{"auto", "kvm", "tcg"}
	Isolations = []string{"vm", "cell"}
)

// validate checks values of the right type, and reports every fault under its
// key. Which kernels, profiles and tests exist is not known here.
func (c *Config) validate() []fault {
	var faults []fault
	wrong := func(key, format string, args ...any) {
		faults = append(faults, fault{key: key, what: fmt.Sprintf(format, args...)})
	}
	oneOf := func(key, value string, words []string) {
		if !slices.Contains(words, value) {
			wrong(key, "%q is not one of %s", value, strings.Join(words, ", "))
		}
	}
	between := func(key string, value, low, high int, unit string) {
		if value < low || value > high {
			wrong(key, "%d is not between %d and %d%s", value, low, high, unit)
		}
	}
	positive := func(key string, d time.Duration) {
		if d <= 0 {
			wrong(key, "%s is not a positive duration such as 90s or 2m", d)
		}
	}
	notEmpty := func(key, value, example string) {
		if strings.TrimSpace(value) == "" {
			wrong(key, "is empty; write for example %s", example)
		}
	}

	notEmpty("run.kernels", c.Run.Kernels, DefaultKernels)
	notEmpty("run.filesystems", c.Run.Filesystems, DefaultFilesystems)
	if _, err := regexp.Compile(c.Run.Tests); err != nil {
		wrong("run.tests", "%q is not a regular expression: %s", c.Run.Tests, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if _, err := outcome.ParsePolicy(c.Run.Policy); err != nil {
		wrong("run.policy", "%s", err)
	}
	oneOf("run.isolation", c.Run.Isolation, Isolations)
	between("run.priority", c.Run.Priority, 0, LowestPriority, "")
	between("run.retry-failures", c.Run.RetryFailures, 0, 100, "")
	if c.Run.Jobs != 0 { // not given; Load refuses a 0 that is
		between("run.jobs", c.Run.Jobs, 1, 1024, "")
	}
	if !format.OriginPattern.MatchString(c.Run.KCIDBOrigin) {
		wrong("run.kcidb-origin", "%q is not made of lower-case letters, digits and _", c.Run.KCIDBOrigin)
	}
	notEmpty("vm.qemu", c.VM.QEMU, arch.Default().QEMU.Binary)
	notEmpty("vm.qemu-amd64", c.VM.QEMUAMD64, binaryOf("amd64"))
	notEmpty("vm.qemu-arm64", c.VM.QEMUARM64, binaryOf("arm64"))
	notEmpty("vm.qemu-riscv64", c.VM.QEMURISCV64, binaryOf("riscv64"))
	oneOf("vm.accel", c.VM.Accel, Accels)
	between("vm.memory", c.VM.Memory, 128, 65536, " MiB")
	between("vm.cpus", c.VM.CPUs, 1, 64, "")
	positive("vm.boot-timeout", c.VM.BootTimeout)
	positive("vm.silence-timeout", c.VM.SilenceTimeout)
	positive("vm.cell-timeout", c.VM.CellTimeout)
	between("vm.template-room", c.VM.TemplateRoom, 0, 16<<20, " MiB")
	if strings.ContainsAny(c.VM.KernelArgs, "\n\r\x00") {
		wrong("vm.kernel-args", "contains a line break; separate arguments by spaces")
	}
	builds := map[string]bool{}
	for i, b := range c.Kernels.Builds {
		key := fmt.Sprintf("kernels.builds[%d]", i)
		if err := b.Validate(); err != nil {
			wrong(key, "%s", err)
		}
		if builds[b.Name] {
			wrong(key, "%q is declared twice", b.Name)
		}
		builds[b.Name] = true
	}
	declared := map[string]bool{}
	for i, p := range c.Filesystems {
		key := fmt.Sprintf("filesystems[%d]", i)
		if err := p.Validate(); err != nil {
			wrong(key, "%s", err)
		}
		if declared[p.Name] {
			wrong(key, "%q is declared twice", p.Name)
		}
		declared[p.Name] = true
	}
	return append(faults, c.Nightly.validate()...)
}
