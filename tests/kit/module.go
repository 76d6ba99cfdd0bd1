package kit

import (
	"errors"
	"os"
	"os/exec"
	"strings"

	"github.com/splicelab/splicelab/internal/protocol"
)

// Module loads kernel modules, each after what it needs, and skips the cell
// where the kernel has not got one of them. The names must be among the
// Modules of the test's declaration: only those are in the image. Filesystems,
// ciphers and socket families need no call: the kernel asks for them itself.
func (c *Cell) Module(names ...string) {
	c.T.Helper()
	for _, name := range names {
		if _, err := os.Stat("/sys/module/" + strings.ReplaceAll(name, "-", "_")); err == nil {
			continue // loaded, or built in with parameters
		}
		if os.Getenv(protocol.EnvGuest) != "1" {
			c.Skip("module %s is not loaded, and %s=1 not set: only a throw-away VM's kernel may be changed", name, protocol.EnvGuest)
		}
		out, err := exec.CommandContext(c.T.Context(), protocol.Modprobe, name).CombinedOutput()
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit):
			c.Skip("%s", strings.TrimSpace(string(out)))
		case err != nil:
			c.Infra("%s %s: %v", protocol.Modprobe, name, err)
		}
	}
}
