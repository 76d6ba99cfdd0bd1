// Package template keeps templates on disk: directories that hold a machine
// at a standstill, made once for a key that stands for everything that went
// into them, shared by all processes, and taken away when room is short. It
// does not know what is in a template, nor how one is made.
package template

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Store is a directory of templates. Each is a directory named by its key,
// with a file beside it that processes lock: shared by those that use the
// template, exclusively by the one that makes it or takes it away.
type Store struct {
	dir string
	max int64
}

const (
	manifestName = "manifest.json"
	lockSuffix   = ".lock"
	partSuffix   = ".part"
)

// Open opens the store in dir, which is made if need be. It holds no more
// than max bytes of templates that nobody uses.
func Open(dir string, max int64) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("template cache: %w", err)
	}
	return &Store{dir, max}, nil
}

// Template is one that is in use: nobody takes it away before Release.
type Template struct {
	Dir   string
	Notes json.RawMessage // what Get's build returned when it was made

	lock *os.File
}

// Release gives the template back.
func (t *Template) Release() { _ = t.lock.Close() }

// manifest says what a template consists of. It is written last.
type manifest struct {
	// Key is the template's own: one that lies in another's place is whole,
	// and yet a machine with another kernel or filesystem.
	Key   string          `json:"key"`
	Files []sum           `json:"files"`
	Notes json.RawMessage `json:"notes"`
}

// Get returns the template of a key, a name for a file. When there is none,
// or what is there is not what was once made, build makes it in an empty
// directory; what it returns is kept as the template's notes.
func (s *Store) Get(ctx context.Context, key string, build func(ctx context.Context, dir string) (notes any, err error)) (*Template, error) {
	for {
		t, err := s.existing(ctx, key)
		if err == nil {
			return t, nil
		}
		if !errors.Is(err, errNone) {
			return nil, err
		}
		if err := s.make(ctx, key, build); err != nil {
			return nil, err
		}
		// Between making it and locking it anew somebody may have taken it
		// away, which makes another round.
	}
}

// errNone says that there is no template that can be used.
var errNone = errors.New("no template")

func (s *Store) existing(ctx context.Context, key string) (*Template, error) {
	dir := filepath.Join(s.dir, key)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, errNone
	}
	lock, err := s.lock(ctx, key, osfile.Shared)
	if err != nil {
		return nil, err
	}
	m, err := check(dir)
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("%w: %w", errNone, err)
	}
	// The time of the lock file is that of the last use.
	now := time.Now()
	_ = os.Chtimes(lock.Name(), now, now)
	return &Template{Dir: dir, Notes: m.Notes, lock: lock}, nil
}

// check reads the manifest of a template, whose directory has the name of its
// key, and compares key and files with it.
func check(dir string) (manifest, error) {
	var m manifest
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestName, err)
	}
	if key := filepath.Base(dir); m.Key != key {
		return m, fmt.Errorf("%s is of the template %q, not of %q", manifestName, m.Key, key)
	}
	for _, want := range m.Files {
		got, err := sumOf(filepath.Join(dir, want.Name))
		if err != nil {
			return m, err
		}
		if got != want {
			return m, fmt.Errorf("%s is damaged", want.Name)
		}
	}
	return m, nil
}

func (s *Store) make(ctx context.Context, key string, build func(context.Context, string) (any, error)) error {
	lock, err := s.lock(ctx, key, osfile.Exclusive)
	if err != nil {
		return err
	}
	defer lock.Close()
	dir := filepath.Join(s.dir, key)
	if _, err := check(dir); err == nil {
		return nil // somebody else has made it meanwhile
	}
	part := dir + partSuffix
	for _, old := range []string{dir, part} {
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("template cache: %w", err)
		}
	}
	s.evict()
	if err := os.Mkdir(part, 0o755); err != nil {
		return fmt.Errorf("template cache: %w", err)
	}
	if err := fill(ctx, part, key, build); err != nil {
		_ = os.RemoveAll(part)
		return err
	}
	if err := osfile.PublishDir(part, dir); err != nil {
		return fmt.Errorf("template cache: %w", err)
	}
	return nil
}

// fill builds the template of a key in dir and writes its manifest.
func fill(ctx context.Context, dir, key string, build func(context.Context, string) (any, error)) error {
	notes, err := build(ctx, dir)
	if err != nil {
		return err
	}
	m := manifest{Key: key}
	if m.Notes, err = json.Marshal(notes); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		// What the guest left zero needs no room.
		if err := punchZeros(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("template cache: %w", err)
		}
		sum, err := sumOf(filepath.Join(dir, e.Name()))
		if err != nil {
			return fmt.Errorf("template cache: %w", err)
		}
		m.Files = append(m.Files, sum)
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, manifestName), b, 0o644); err != nil {
		return fmt.Errorf("template cache: %w", err)
	}
	return nil
}

// lock locks a template. The file stays where it is for good: were it removed,
// two processes could hold locks on two files of one name.
func (s *Store) lock(ctx context.Context, key string, mode osfile.Mode) (*os.File, error) {
	f, err := osfile.Lock(ctx, filepath.Join(s.dir, key+lockSuffix), mode)
	if err != nil {
		return nil, fmt.Errorf("template cache: %w", err)
	}
	return f, nil
}

// evict takes the least recently used templates away until those that are
// left need no more than the store may hold. Those in use stay. It makes room
// as far as it can; what fails does not matter to anybody.
func (s *Store) evict() {
	type candidate struct {
		key  string
		size int64
		used time.Time
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	var all []candidate
	total := int64(0)
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		key := strings.TrimSuffix(e.Name(), partSuffix)
		c := candidate{key: key, size: allocated(filepath.Join(s.dir, e.Name()))}
		if st, err := os.Stat(filepath.Join(s.dir, key+lockSuffix)); err == nil {
			c.used = st.ModTime()
		}
		total += c.size
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(a.used.Compare(b.used), strings.Compare(a.key, b.key))
	})
	for _, c := range all {
		if total <= s.max {
			return
		}
		if s.remove(c.key) {
			total -= c.size
		}
	}
}

// remove takes a template away, and what an interrupted build left of it,
// unless it is in use.
func (s *Store) remove(key string) bool {
	f, err := osfile.TryLock(filepath.Join(s.dir, key+lockSuffix), osfile.Exclusive)
	if err != nil {
		return false
	}
	defer f.Close()
	dir := filepath.Join(s.dir, key)
	return errors.Join(os.RemoveAll(dir), os.RemoveAll(dir+partSuffix)) == nil
}

// allocated is how many bytes the files of a directory take on disk.
func allocated(dir string) int64 {
	total := int64(0)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		var st unix.Stat_t
		if unix.Stat(filepath.Join(dir, e.Name()), &st) == nil {
			total += st.Blocks * 512
		}
	}
	return total
}

// RemoveUnused removes the templates that nobody has used since a time, and
// returns how many that were. One in use stays.
func (s *Store) RemoveUnused(since time.Time) (removed int) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return 0 // there is none
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		key := strings.TrimSuffix(e.Name(), partSuffix)
		st, err := os.Stat(filepath.Join(s.dir, key+lockSuffix))
		if err == nil && st.ModTime().After(since) {
			continue
		}
		if s.remove(key) {
			removed++
		}
	}
	return removed
}
