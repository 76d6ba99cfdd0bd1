package kit

import (
	"errors"
	"os"
	"strings"
)

// Setting writes a file of /proc/sys or /sys and restores its old value when
// the cell ends. False means that the kernel has no such file.
func (c *Cell) Setting(path, value string) bool {
	c.T.Helper()
	was, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	if err != nil {
		c.Infra("%v", err)
	}
	c.T.Cleanup(func() {
		if err := os.WriteFile(path, []byte(strings.TrimSpace(string(was))), 0); err != nil {
			c.T.Errorf("%v", err)
		}
	})
	if err := os.WriteFile(path, []byte(value), 0); err != nil {
		c.Infra("%v", err)
	}
	return true
}
