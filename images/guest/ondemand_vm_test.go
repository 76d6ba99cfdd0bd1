package main_test

import (
	"context"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
)

// TestModulesOnDemand loads a module both ways: by modprobe, and because a
// mount makes the kernel request the filesystem. Both are modules of Debian's
// cloud kernels; elsewhere they may be built in, which is fine too.
func TestModulesOnDemand(t *testing.T) {
	all := testKernels(t)
	agent := buildGuest(t, ".")
	builder := images.Builder{Dir: t.TempDir()}
	for _, k := range all {
		t.Run(k.Release, func(t *testing.T) {
			image, err := builder.Initramfs(context.Background(), images.Spec{
				Kernel: k, Agent: agent, OnDemand: []string{"loop", "overlay", "no_such_module"},
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(image.Load) > 0 {
				t.Errorf("%q would be loaded at boot, want none", image.Load)
			}
			g := boot(t, k, image.Path)
			if out, exit := g.run(protocol.Exec{Path: protocol.Modprobe, Args: []string{"-q", "--", "loop"}, Dir: "/"}); exit.Code != 0 {
				t.Errorf("modprobe loop: %+v: %s", exit, out)
			}
			// Repeating it is no error: the module stays loaded.
			if out, exit := g.run(protocol.Exec{Path: protocol.Modprobe, Args: []string{"loop"}, Dir: "/"}); exit.Code != 0 {
				t.Errorf("modprobe loop again: %+v: %s", exit, out)
			}
			out, exit := g.run(protocol.Exec{Path: protocol.Modprobe, Args: []string{"no-such-module"}, Dir: "/"})
			if exit.Code == 0 || !strings.Contains(out, "module no-such-module: this kernel has no such module") {
				t.Errorf("modprobe of a missing module: %+v: %s", exit, out)
			}
			if images.HasModule(k, "overlay") == images.Missing {
				t.Skip("the kernel does not have overlay, the module that a mount makes it request")
			}
			g.must(protocol.Request{Mount: &protocol.Mount{
				Device: "overlay", Type: "overlay", Target: "/merged",
				Options: "lowerdir=/modules:/layer", Mkdirs: []string{"/layer"},
			}})
		})
	}
}
