package images

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/osfile"
)

// touch notes that an image is used: the time of its record is that of the
// last use. Who cannot write it uses it all the same.
func touch(record string) {
	now := time.Now()
	_ = os.Chtimes(record, now, now)
}

// RemoveUnused removes the images that nobody has used since a time, and
// returns how many that were.
func (b Builder) RemoveUnused(ctx context.Context, since time.Time) (removed int, err error) {
	for _, k := range []kind{initramfsKind, diskKind} {
		records, gerr := filepath.Glob(filepath.Join(b.Dir, k.name, "*.json"))
		if gerr != nil {
			return removed, gerr
		}
		for _, record := range records {
			gone, rerr := removeUnused(ctx, strings.TrimSuffix(record, ".json"), k.suffix, since)
			err = errors.Join(err, rerr)
			if gone {
				removed++
			}
		}
	}
	return removed, err
}

// removeUnused removes one image, unless somebody came to use it meanwhile.
// The record goes first: without it there is no image. Its lock's file stays,
// so that two processes never hold locks on two files of one name.
func removeUnused(ctx context.Context, name, suffix string, since time.Time) (gone bool, err error) {
	unused := func() bool {
		st, err := os.Stat(name + ".json")
		return err == nil && st.ModTime().Before(since)
	}
	if !unused() {
		return false, nil
	}
	lock, err := osfile.Lock(ctx, name+".lock", osfile.Exclusive)
	if err != nil {
		return false, fmt.Errorf("image cache: %w", err)
	}
	defer lock.Close() // frees it
	if !unused() {
		return false, nil
	}
	if err := errors.Join(os.Remove(name+".json"), os.Remove(name+suffix)); err != nil {
		return false, fmt.Errorf("image cache: %w", err)
	}
	return true, nil
}
