package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/machine"
)

// filePlan maps a program's output files in the guest to their destinations on
// the host.
type filePlan struct {
	args []string          // the program's arguments, with guest paths
	env  []string          // likewise
	back map[string]string // guest file → host file
	dirs map[string]string // guest directory → host directory
	made []string          // guest directories that must exist beforehand
}

// Flags of a Go test binary that name a file or a directory to write.
var (
	outputFlags    = []string{"coverprofile", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace", "testlogfile"}
	outputDirFlags = []string{"gocoverdir", "outputdir"}
)

// planFiles translates the output flags of a Go test binary. The testing
// package resolves relative names of profiles against -test.outputdir, so the
// host side does too.
func planFiles(s Spec) filePlan {
	p := filePlan{back: map[string]string{}, dirs: map[string]string{}}
	base := s.Dir
	args := joinFlags(s.Args)
	for _, a := range args {
		if v, ok := flagValue(a, "outputdir"); ok {
			base = v
		}
	}
	abs := func(dir, name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(dir, name)
	}
	n := 0
	place := func() string {
		n++
		dir := fmt.Sprintf("%s/%d", execOut, n)
		p.made = append(p.made, dir)
		return dir
	}
next:
	for _, a := range args {
		for _, f := range outputFlags {
			if v, ok := flagValue(a, f); ok && v != "" {
				dir := base
				if f == "testlogfile" {
					dir = s.Dir
				}
				guest := path.Join(place(), filepath.Base(v))
				p.back[guest] = abs(dir, v)
				p.args = append(p.args, "-test."+f+"="+guest)
				continue next
			}
		}
		for _, f := range outputDirFlags {
			if v, ok := flagValue(a, f); ok && v != "" {
				guest := place()
				p.dirs[guest] = abs(s.Dir, v)
				p.args = append(p.args, "-test."+f+"="+guest)
				continue next
			}
		}
		p.args = append(p.args, a)
	}
	for _, e := range s.Env {
		if v, ok := strings.CutPrefix(e, "GOCOVERDIR="); ok && v != "" {
			guest := place()
			p.dirs[guest] = abs(s.Dir, v)
			p.env = append(p.env, "GOCOVERDIR="+guest)
		}
	}
	return p
}

// joinFlags rewrites "-test.x value" to "-test.x=value" for the flags that are
// translated, up to the first argument that is not a flag.
func joinFlags(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" || !strings.HasPrefix(a, "-") {
			return append(out, args[i:]...)
		}
		name := strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-")
		joined := false
		for _, f := range append(append([]string(nil), outputFlags...), outputDirFlags...) {
			if name == "test."+f && i+1 < len(args) {
				out = append(out, "-test."+f+"="+args[i+1])
				i++
				joined = true
				break
			}
		}
		if !joined {
			out = append(out, a)
		}
	}
	return out
}

func flagValue(arg, flag string) (string, bool) {
	arg = strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
	return strings.CutPrefix(arg, "test."+flag+"=")
}

// fetchAll copies the program's files to the host. A file that the program did
// not write is skipped.
func fetchAll(ctx context.Context, m *machine.Machine, p filePlan) error {
	if len(p.made) == 0 {
		return nil
	}
	r, err := m.Agent.Call(ctx, protocol.Request{List: &protocol.List{Path: execOut}})
	if err != nil {
		return err
	}
	written := map[string]bool{}
	for _, f := range r.Files {
		if path.Base(f.Path) != machine.Placeholder {
			written[path.Join(execOut, f.Path)] = true
		}
	}
	for guest, host := range p.back {
		if written[guest] {
			if err := fetch(ctx, m, guest, host); err != nil {
				return err
			}
		}
	}
	for guest, host := range p.dirs {
		for f := range written {
			rel, ok := strings.CutPrefix(f, guest+"/")
			// The guest names the files: none may leave the directory.
			if !ok || !filepath.IsLocal(rel) {
				continue
			}
			if err := fetch(ctx, m, f, filepath.Join(host, rel)); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxFetch limits a file from a guest, which is not trusted, in bytes.
const maxFetch = 1 << 30

// fetch copies one guest file to the host. An existing file at host is replaced
// only when the whole file has arrived.
func fetch(ctx context.Context, m *machine.Machine, guest, host string) error {
	if err := os.MkdirAll(filepath.Dir(host), 0o755); err != nil {
		return err
	}
	err := osfile.WriteFunc(host, 0o644, func(f *os.File) error {
		for off := int64(0); ; {
			r, err := m.Agent.Call(ctx, protocol.Request{Get: &protocol.Get{Path: guest, Offset: off}})
			if err != nil {
				return err
			}
			if _, err := f.Write(r.Data); err != nil {
				return err
			}
			if off += int64(len(r.Data)); off > maxFetch {
				return fmt.Errorf("is larger than %d MiB", maxFetch>>20)
			}
			if r.EOF {
				return nil
			}
			if len(r.Data) == 0 {
				return errors.New("the agent sent neither data nor the end of the file")
			}
		}
	})
	if err != nil {
		return fmt.Errorf("copying the guest's %s to %s: %w", guest, host, err)
	}
	return nil
}
