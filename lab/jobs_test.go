package lab

import (
	"os"
	"path/filepath"
	"testing"
)

func TestDefaultJobs(t *testing.T) {
	for _, c := range []struct{ cores, available, memory, cpus, want int }{
		{2, 24000, 512, 1, 3},
		{2, 24000, 512, 2, 1},
		{1, 100, 512, 1, 1}, // always one
		{128, 512000, 512, 1, 192},
		{128, 8192, 512, 1, 8192 / 4 * 3 / (512 + overheadMiB)}, // many cores, little memory
		{128, unlimited, 512, 4, 48},
	} {
		if got := jobsFor(c.cores, c.available, c.memory, c.cpus); got != c.want {
			t.Errorf("%d cores, %d MiB available, VMs with %d MiB and %d CPUs: %d jobs, want %d", c.cores, c.available, c.memory, c.cpus, got, c.want)
		}
	}
	if DefaultJobs(512, 1) < 1 {
		t.Error("no job on this machine")
	}
}

func TestMemoryOfControlGroups(t *testing.T) {
	for name, c := range map[string]struct {
		self  string
		files map[string]string
		want  int
	}{
		"no limit": {"0::/a\n", map[string]string{"a/memory.max": "max\n"}, unlimited},
		"a container sees its own group as the root": {"0::/\n", map[string]string{
			"memory.max": "2147483648\n", "memory.current": "1610612736\n", "memory.stat": "anon 5\ninactive_file 536870912\n"}, 1024},
		"the group around it is tighter": {"0::/a/b\n", map[string]string{
			"a/b/memory.max": "4294967296\n", "a/b/memory.current": "0\n", "a/memory.max": "1073741824\n", "a/memory.current": "0\n"}, 1024},
		"used up":                {"0::/a\n", map[string]string{"a/memory.max": "100\n", "a/memory.current": "200\n"}, 0},
		"version 1":              {"4:memory:/a\n", map[string]string{"a/memory.max": "100\n"}, unlimited},
		"controller not enabled": {"0::/a\n", nil, unlimited},
	} {
		root := t.TempDir()
		self := filepath.Join(root, "self")
		write := func(path, content string) {
			t.Helper()
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write(self, c.self)
		for f, content := range c.files {
			write(filepath.Join(root, "cgroup", f), content)
		}
		if got := groupMiB(self, filepath.Join(root, "cgroup")); got != c.want {
			t.Errorf("%s: %d MiB, want %d", name, got, c.want)
		}
	}
}
