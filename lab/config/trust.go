package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/osfile"
)

// A splicelab.yaml in the current directory may be a stranger's: it came with
// the checkout. It may choose what is tested and how it is judged. Everything
// else takes the user's consent: keys that name programs, archives, keys of
// archives or places to write to, and all that are added later.

// projectKeys are the keys that any file in the current directory may set.
var projectKeys = []string{
	"run.kernels", "run.filesystems", "run.tests", "run.priority", "run.all", "run.policy", "run.expectations",
	"run.isolation", "run.retry-failures", "run.jobs", "run.seed", "run.kcidb-origin",
	"nightly.kernels", "nightly.filesystems", "nightly.tests", "nightly.all", "nightly.baseline", "nightly.formats", "nightly.deadline", "nightly.min-free",
	"vm.accel", "vm.memory", "vm.cpus", "vm.boot-timeout", "vm.silence-timeout", "vm.cell-timeout", "vm.no-templates", "vm.kernel-args",
	"kernels.debian.suites", "kernels.debian.flavour", "kernels.debian.architecture",
	"filesystems", // mkfs is a closed list itself
}

// UntrustedError reports keys that a file in the current directory may set only
// with the user's consent.
type UntrustedError struct {
	File string   // as it was found
	Keys []string // "FILE:LINE: KEY" or "FILE:LINE: KEY: what is wrong with it"
}

func (e *UntrustedError) Error() string {
	return fmt.Sprintf("%s: a configuration file in the current directory may not set this", strings.Join(e.Keys, "; "))
}

// BadInput marks an error that the user has to correct.
func (*UntrustedError) BadInput() {}

// Untrusted returns an *UntrustedError for a file's content that takes the
// user's consent where it lies in the current directory, and an *Error for one
// that is no configuration.
func Untrusted(file string, content []byte) error {
	doc := check(content)
	if err := doc.err(file); err != nil {
		return err
	}
	return doc.untrusted(file)
}

// untrusted returns the error for a document of the current directory, or nil.
func (d document) untrusted(file string) error {
	e := &UntrustedError{File: file}
	lines := map[string]int{} // of keys without their indexes
	for key, line := range d.lines {
		if d.leaf(key) {
			key, _, _ = strings.Cut(key, "[")
			lines[key] = min(line, cmp.Or(lines[key], line))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		switch {
		case !slices.Contains(projectKeys, key):
			e.Keys = append(e.Keys, fmt.Sprintf("%s:%d: %s", file, lines[key], key))
		case key == "run.expectations" && !below(d.text(key)):
			e.Keys = append(e.Keys, fmt.Sprintf("%s:%d: %s: a file that is not below the directory", file, lines[key], key))
		}
	}
	if len(e.Keys) == 0 {
		return nil
	}
	return e
}

// below reports whether a path lies below the current directory, also when its
// symbolic links are followed. One that does not exist yet can be followed
// nowhere.
func below(path string) bool {
	if path == "" || path == NoExpectations {
		return true
	}
	if !filepath.IsLocal(path) {
		return false
	}
	followed, err := filepath.EvalSymlinks(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && filepath.IsLocal(followed)
}

// leaf reports whether a key has a value of its own: no key begins with it.
func (d document) leaf(key string) bool {
	for other := range d.lines {
		if strings.HasPrefix(other, key+".") || strings.HasPrefix(other, key+"[") {
			return false
		}
	}
	return true
}

// text is the value of a key that has a single one.
func (d document) text(key string) string {
	var value any = d.values
	for name := range strings.SplitSeq(key, ".") {
		values, _ := value.(map[string]any)
		value = values[name]
	}
	text, _ := value.(string)
	return text
}

// Trust is the memory of configuration files that the user trusts. A file is
// known by its content: one that changes has to be trusted again.
type Trust struct {
	dir string
}

// OpenTrust returns the user's memory. It is kept in the state directory of the
// XDG base directories, which no configuration file can move.
func OpenTrust() (Trust, error) {
	dir, err := xdg("XDG_STATE_HOME", ".local/state")()
	if err != nil {
		return Trust{}, err
	}
	return Trust{filepath.Join(dir, "trusted")}, nil
}

func (t Trust) entry(content []byte) string {
	sum := sha256.Sum256(content)
	return filepath.Join(t.dir, hex.EncodeToString(sum[:]))
}

// Add trusts a file's content. path is kept for people who look.
func (t Trust) Add(path string, content []byte) error {
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return err
	}
	return osfile.Write(t.entry(content), []byte(path+"\n"), 0o600)
}

// Remove no longer trusts the content. That it was not trusted is no error.
func (t Trust) Remove(content []byte) error {
	err := os.Remove(t.entry(content))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Has reports whether the content is trusted.
func (t Trust) Has(content []byte) bool {
	_, err := os.Lstat(t.entry(content))
	return err == nil
}
