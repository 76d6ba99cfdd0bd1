package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/lab/vm"
)

// describe describes the machine and the configuration of the measurement.
func describe(ctx context.Context, c Config, jobs int) []Fact {
	version, err := vm.Version(ctx, c.Lab.QEMU[arch.Default().Name])
	if err != nil {
		version = err.Error()
	}
	memory := "unknown"
	var si unix.Sysinfo_t
	if unix.Sysinfo(&si) == nil {
		memory = fmt.Sprintf("%.1f GiB", float64(si.Totalram)*float64(si.Unit)/(1<<30))
	}
	host := "unknown"
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		host = "Linux " + unix.ByteSliceToString(u.Release[:])
	}
	return []Fact{
		{"CPU", cpuModel()},
		{"cores", fmt.Sprint(runtime.NumCPU())},
		{"memory", memory},
		{"host", host},
		{"QEMU", version},
		{"accelerator", string(c.Lab.Accel)},
		{"guest", fmt.Sprintf("%d MiB, %d CPU", memoryMiB(c.Lab), max(1, c.Lab.CPUs))},
		{"kernel", c.Kernel.Release},
		{"filesystem", c.Profile.Name},
		{"test", c.Test.Name()},
		{"VMs at once, for throughput", fmt.Sprint(jobs)},
		{"repetitions", fmt.Sprint(c.Repetitions)},
		{"splicelab", c.Lab.Version},
		{"date", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
	}
}

func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
