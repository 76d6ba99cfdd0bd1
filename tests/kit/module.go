package kit

import (
	"errors"
	"os"
	"os/exec"
	"strings"

	"github.com/splicelab/splicelab/internal/protocol"
)

// Module loads kernel modules and their dependencies, and skips the cell if the
// kernel lacks one of them. The names must be among the Modules of the test's
// declaration: only those are in the image. Filesystems, ciphers and socket
// families do not need it: the kernel requests their modules itself.
func (c *Cell) Module(names ...string) {
	c.T.Helper()
	for _, name := range names {
		if _, err := os.Stat("/sys/module/" + strings.ReplaceAll(name, "-", "_")); err == nil {
			continue // loaded, or built in with parameters
		}
		if os.Getenv(protocol.EnvGuest) != "1" {
			c.Skip("module %s is not loaded, and %s=1 not set: modules are only loaded in a throw-away VM", name, protocol.EnvGuest)
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
