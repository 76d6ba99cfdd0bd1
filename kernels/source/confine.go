package source

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/confine"
)

// policy is what make may do: the Makefiles of a tree are programs of whoever
// wrote it. It reads the tree, and writes objects, temporary files and ccache's
// directory, which builds share so that a bisection compiles each file once.
func (p *Prepared) policy() confine.Policy {
	return confine.Policy{
		Execute: slices.Concat([]string{p.src}, p.toolchain(), confine.System),
		// Scripts of the kernel's build look at the processors, and openssl signs
		// modules.
		Read:      []string{"/proc", "/sys/devices/system/cpu", "/etc/passwd", "/etc/ssl", "/etc/ccache.conf"},
		WriteDirs: []string{p.obj, ccacheDir()},
	}
}

// toolchain are the files of a compiler that is not the system's, and of a cross
// compiler's linker.
func (p *Prepared) toolchain() []string {
	words := strings.Fields(p.cc)
	if p.cross() != "" {
		words = append(words, p.cross()+"ld")
	}
	var paths []string
	for _, word := range words {
		if path, err := exec.LookPath(word); err == nil {
			paths = append(paths, confine.Installation(path)...)
		}
	}
	return paths
}

// ccacheDir is where ccache keeps objects: its default, or in the temporary
// directory for a user without a home.
func ccacheDir() string {
	if dir := os.Getenv("CCACHE_DIR"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "ccache")
}
