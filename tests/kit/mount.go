package kit

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Mount is one line of /proc/self/mountinfo.
type Mount struct {
	Point   string // where it is mounted
	Root    string // which directory of the filesystem is mounted there
	Type    string // e.g. "xfs"
	Source  string // the device, or whatever source mount(2) got
	Flags   string // options of the mount, e.g. "rw,relatime"
	Super   string // options of the filesystem, e.g. "rw,inode64"
	Options string // both, comma-separated
}

// MountOf returns the mount that path is on.
func MountOf(path string) (Mount, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Mount{}, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return Mount{}, err
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return Mount{}, err
	}
	defer func() { _ = f.Close() }()
	m, err := mountOf(f, abs)
	if err != nil {
		return Mount{}, fmt.Errorf("/proc/self/mountinfo: %w", err)
	}
	return m, nil
}

// mountOf picks the longest mount point above path; of several mounts on one
// mount point the last one hides the others.
func mountOf(r io.Reader, path string) (Mount, error) {
	var best Mount
	found := false
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		m, ok := parseMount(sc.Text())
		if ok && below(path, m.Point) && (!found || len(m.Point) >= len(best.Point)) {
			best, found = m, true
		}
	}
	if err := sc.Err(); err != nil {
		return Mount{}, err
	}
	if !found {
		return Mount{}, fmt.Errorf("no mount above %s", path)
	}
	return best, nil
}

func below(path, point string) bool {
	return point == "/" || path == point || strings.HasPrefix(path, point+"/")
}

// parseMount reads a line such as
// "36 35 98:0 /root /mnt rw,noatime master:1 - ext4 /dev/sda rw,errors=continue".
func parseMount(line string) (Mount, bool) {
	left, right, ok := strings.Cut(line, " - ")
	l, r := strings.Fields(left), strings.Fields(right)
	if !ok || len(l) < 6 || len(r) < 2 {
		return Mount{}, false
	}
	m := Mount{Root: unescape(l[3]), Point: unescape(l[4]), Flags: l[5], Type: r[0], Source: unescape(r[1])}
	if len(r) > 2 {
		m.Super = unescape(r[2])
	}
	seen := map[string]bool{}
	var all []string
	for _, o := range strings.Split(m.Flags+","+m.Super, ",") {
		if o != "" && !seen[o] {
			seen[o] = true
			all = append(all, o)
		}
	}
	m.Options = strings.Join(all, ",")
	return m, true
}

// unescape undoes the octal escapes of mountinfo.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace
