package repro

import (
	"testing"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/lab/session"
)

// A report decides what is run, whatever the user configured.
func TestSettings(t *testing.T) {
	s := session.Settings{Config: config.Default()}
	s.Run.Isolation, s.VM.KernelArgs = "vm", "quiet"
	got := Settings(s, report.Report{
		Source: &report.Source{Tree: "linux"}, Filesystem: "xfs", Test: "s.TestA/x", Policy: "alias", Memory: 1024, KernelArgs: "nokaslr",
	})
	if got.Run.Kernels != "build:report" || got.Run.Filesystems != "xfs" || got.Run.Tests != `^s\.TestA/x$` || got.Run.Policy != "alias" ||
		got.Run.Isolation != "cell" || got.VM.Memory != 1024 || got.VM.CPUs != s.VM.CPUs || got.VM.KernelArgs != "quiet nokaslr" {
		t.Errorf("settings of the report: %+v, %+v", got.Run, got.VM)
	}
	if len(got.Kernels.Builds) != 1 || len(s.Kernels.Builds) != 0 {
		t.Errorf("builds: %v, and of the user %v", got.Kernels.Builds, s.Kernels.Builds)
	}
}

// A profile that the report changes has another name: its cells are not the
// profile's.
func TestProfile(t *testing.T) {
	all, err := images.Select("ext4", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := profile(all[0], report.Report{}); err != nil || got.Name != "ext4" {
		t.Errorf("unchanged: %s, %v", got.Name, err)
	}
	if got, err := profile(all[0], report.Report{MountOptions: "noatime"}); err != nil || got.Name != "ext4-report" || got.Options != "noatime" {
		t.Errorf("changed: %+v, %v", got, err)
	}
}

func TestCheckBundle(t *testing.T) {
	dir := t.TempDir()
	if err := CheckBundle(export.File(dir + "/x.tar.zst")); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{dir + "/x.tar", dir + "/.tar.zst", dir + "/missing/x.tar.zst"} {
		if err := CheckBundle(export.File(bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
