package main_test

import (
	"context"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
)

// TestBareKernel mounts ext4 from an NVMe disk with only the kernel image and
// no modules.
func TestBareKernel(t *testing.T) {
	all := testKernels(t)
	agent := buildGuest(t, ".")
	actor := buildGuest(t, "./testdata/actor")
	profiles, err := images.Select("ext4", nil)
	if err != nil {
		t.Fatal(err)
	}
	builder := images.Builder{Dir: t.TempDir()}
	disk, err := builder.Disk(context.Background(), profiles[0])
	if err != nil {
		t.Skip(err)
	}
	for _, k := range all {
		t.Run(k.Release, func(t *testing.T) {
			k.Modules, k.Config = "", ""
			image, err := builder.Initramfs(context.Background(), images.Spec{
				Kernel: k, Agent: agent, Files: map[string]string{"/actor": actor},
				Modules: append([]string{"virtio_blk", "nvme"}, profiles[0].WantedModules()...),
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(image.Load) > 0 {
				t.Errorf("modules %q of a kernel without any", image.Load)
			}
			g := boot(t, k, image.Path,
				"-drive", "file="+disk.Path+",if=none,id=d0,snapshot=on,format=raw,cache=unsafe",
				"-device", "nvme,serial=s0,drive=d0")
			for _, s := range profiles[0].Steps("/fs") {
				m := protocol.Mount(s)
				g.must(protocol.Request{Mount: &m})
			}
			if out, exit := g.run(protocol.Exec{Path: "/actor", Args: []string{"fs", "/fs"}, Dir: "/fs"}); exit.Code != 0 || !strings.Contains(out, "0xef53") {
				t.Errorf("exit %+v: %s", exit, out)
			}
		})
	}
}
