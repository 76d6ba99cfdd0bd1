package results_test

import (
	"testing"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestLabels(t *testing.T) {
	if arch.Default().Name != "amd64" {
		t.Skip("expects the labels of an amd64 host")
	}
	version := func(s string) kernelversion.Version {
		v, err := kernelversion.Parse(s)
		resultstest.Must(t, err)
		return v
	}
	debian := func(release, upstream string) results.Kernel {
		k := results.KernelOf(release)
		k.Version = version(upstream)
		return k
	}
	for name, c := range map[string]struct {
		kernels     []results.Kernel
		short, long []string
	}{
		"a package's version": {
			[]results.Kernel{debian("5.10.0-46-cloud-amd64", "5.10.262"), results.KernelOf("6.12.118+deb13-cloud-amd64")},
			[]string{"5.10.262", "6.12.118"}, []string{"5.10.262 (5.10.0-46)", "6.12.118+deb13"},
		},
		"an unknown upstream version": {
			[]results.Kernel{results.KernelOf("5.10.0-46-cloud-amd64"), results.KernelOf("7.3-rc2-cloud-amd64")},
			[]string{"5.10.0-46", "7.3-rc2"}, []string{"5.10.0-46", "7.3-rc2"},
		},
		"the same version twice": {
			[]results.Kernel{results.KernelOf("6.12.9+deb13-cloud-amd64"), results.KernelOf("6.12.9+bpo12-cloud-amd64"), results.KernelOf("6.13.1-cloud-amd64")},
			[]string{"6.12.9+deb13", "6.12.9+bpo12", "6.13.1"}, []string{"6.12.9+deb13", "6.12.9+bpo12", "6.13.1"},
		},
		"flavours": {
			[]results.Kernel{debian("5.10.0-46-cloud-amd64", "5.10.262"), results.KernelOf("6.12.9+deb13-arm64-16k"), results.KernelOf("6.12.9+deb13-rt-arm64"), results.KernelOf("6.12.9+deb13-riscv64")},
			[]string{"5.10.262 cloud-amd64", "6.12.9 arm64-16k", "6.12.9 rt-arm64", "6.12.9 riscv64"},
			[]string{"5.10.262 (5.10.0-46) cloud-amd64", "6.12.9+deb13 arm64-16k", "6.12.9+deb13 rt-arm64", "6.12.9+deb13 riscv64"},
		},
		"one flavour that contains a number": {
			[]results.Kernel{results.KernelOf("6.12.9+deb13-arm64-16k"), results.KernelOf("6.12.10+deb13-arm64-16k")},
			[]string{"6.12.9 arm64-16k", "6.12.10 arm64-16k"}, []string{"6.12.9+deb13 arm64-16k", "6.12.10+deb13 arm64-16k"},
		},
		"one flavour that is not the default one": {
			[]results.Kernel{debian("5.10.0-46-amd64", "5.10.262"), results.KernelOf("6.12.9+deb13-amd64")},
			[]string{"5.10.262 amd64", "6.12.9 amd64"}, []string{"5.10.262 (5.10.0-46) amd64", "6.12.9+deb13 amd64"},
		},
		"files of another architecture": {
			[]results.Kernel{file("6.18.2-lab", "arm64", 4096), file("6.18.3-lab", "arm64", 4096)},
			[]string{"6.18.2 arm64", "6.18.3 arm64"}, []string{"6.18.2-lab arm64", "6.18.3-lab arm64"},
		},
		"files": {
			[]results.Kernel{file("6.18.1-lab", "amd64", 4096), file("6.18.2-lab", "arm64", 4096), file("6.18.3-lab", "arm64", 16384), results.KernelOf("mine")},
			[]string{"6.18.1 amd64", "6.18.2 arm64", "6.18.3 arm64 16k", "mine"}, []string{"6.18.1-lab amd64", "6.18.2-lab arm64", "6.18.3-lab arm64 16k", "mine"},
		},
		"no version": {
			[]results.Kernel{results.KernelOf("mine"), results.KernelOf("my\x1b[2Jown")},
			[]string{"mine", `my\x1b[2Jown`}, []string{"mine", `my\x1b[2Jown`},
		},
	} {
		l := results.NewLabels(c.kernels)
		for i, r := range c.kernels {
			if short, long := l.Of(r.Name), l.Full(r.Name); short != c.short[i] || long != c.long[i] {
				t.Errorf("%s: %s is %q and %q, want %q and %q", name, r.Name, short, long, c.short[i], c.long[i])
			}
		}
	}
	if got := results.NewLabels(nil).Of("6.1\x1b[2J"); got != `6.1\x1b[2J` {
		t.Errorf("an unknown release: %q", got)
	}
}
