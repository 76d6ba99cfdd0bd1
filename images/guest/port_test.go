package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
)

func TestFindPort(t *testing.T) {
	line := "console=ttyS0 " + protocol.ArgControl + "=/dev/null " + protocol.ArgControl + "=/dev/zero x" + protocol.ArgOutput + "=/dev/full\n"
	if path, err := findPort(line, protocol.ArgControl); path != "/dev/zero" || err != nil {
		t.Errorf("got %q, %v; the last argument counts", path, err)
	}
	if path, err := findPort(line, protocol.ArgOutput); err == nil {
		t.Errorf("a longer name was taken for %s: %q", protocol.ArgOutput, path)
	}
}

// Where a serial port is below its PCI device depends on the kernel.
func TestWaitForTTY(t *testing.T) {
	for _, layout := range []string{"tty/ttyS3", "0000:00:1e.0:0/0000:00:1e.0:0.0/tty/ttyS3"} {
		device := filepath.Join(t.TempDir(), "0000:00:1e.0")
		if err := os.MkdirAll(filepath.Join(device, layout), 0o755); err != nil {
			t.Fatal(err)
		}
		if name, err := waitForTTY(device, time.Minute); name != "ttyS3" || err != nil {
			t.Errorf("%s: got %q, %v", layout, name, err)
		}
	}
	if name, err := waitForTTY(t.TempDir(), 0); err == nil || !strings.Contains(err.Error(), "SERIAL_8250_PCI") {
		t.Errorf("no port: got %q, %v", name, err)
	}
}
