package vm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/confine"
)

// ask has QEMU's monitor execute a command, and returns the error that QEMU
// gives, or "".
func ask(t *testing.T, v *VM, command string, arguments map[string]any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"execute": command, "arguments": arguments})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Monitor().Run(text); err != nil {
		return err.Error()
	}
	return ""
}

// A guest that has taken over QEMU can make it do what its monitor can. It
// opens no file but its own, and no socket.
func TestQEMUIsConfined(t *testing.T) {
	needQEMU(t)
	if confine.LandlockVersion() == 0 {
		t.Skip("this host's kernel has no Landlock")
	}
	dir := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, 1<<20), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	disk, secret := file("disk"), file("secret")
	cfg := Config{Kernel: blank(t), Disks: []Disk{{Path: disk}}}
	attempts := func(v *VM) map[string]string {
		node := 0
		open := func(path string, readOnly bool) string {
			node++
			return ask(t, v, "blockdev-add", map[string]any{"driver": "file", "node-name": fmt.Sprint("n", node), "filename": path, "read-only": readOnly})
		}
		return map[string]string{
			"its disk":              open(disk, true),
			"its disk to write":     open(disk, false),
			"another file":          open(secret, true),
			"a new file":            ask(t, v, "memsave", map[string]any{"val": 0, "size": 1, "filename": filepath.Join(dir, "new")}),
			"the lab's program":     open(os.Args[0], true),
			"the lab's memory":      open(fmt.Sprintf("/proc/%d/mem", os.Getpid()), true),
			"a socket":              ask(t, v, "chardev-add", map[string]any{"id": "c", "backend": map[string]any{"type": "socket", "data": map[string]any{"server": true, "wait": false, "addr": map[string]any{"type": "inet", "data": map[string]any{"host": "127.0.0.1", "port": "0"}}}}}),
			"the system's firmware": open("/usr/share/seabios/bios.bin", true),
		}
	}
	may := map[string]bool{"its disk": true, "the system's firmware": true}
	v := start(t, t.Context(), cfg)
	for what, said := range attempts(v) {
		switch {
		case may[what] && said != "":
			t.Errorf("%s: %s", what, said)
		case !may[what] && !strings.Contains(said, "denied") && !strings.Contains(said, "Permission"):
			t.Errorf("%s: %q, want it denied", what, said)
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 && !strings.Contains(string(status), fmt.Sprintf("\nUid:\t%d\t%[1]d\t%[1]d\t%[1]d\n", confine.Nobody)) {
		t.Errorf("root's QEMU is not nobody's:\n%s", status)
	}
	v.Kill()

	// The attempts themselves would work.
	cfg.Unconfined = true
	v = start(t, t.Context(), cfg)
	for what, said := range attempts(v) {
		if said != "" && what != "the lab's memory" {
			t.Errorf("%s, not confined: %s", what, said)
		}
	}
}
