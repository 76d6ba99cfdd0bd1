package nightly

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Everything that a nightly run writes into the report directory has these
// names; nothing else there is ever touched.
const (
	reportLayout = "nightly-20060102-150405"
	latestName   = "latest"
)

var (
	reportDirectory = regexp.MustCompile(`^(nightly-\d{8}-\d{6})(-\d+)?$`)
	reportFile      = regexp.MustCompile(`^\.?(report|news)\.[a-z0-9.]+$`)
)

// reports is the directory of the report files of one nightly run.
type reports struct {
	root, dir string
}

// newReports creates the directory of a nightly run that started at a time.
func newReports(root string, started time.Time) (reports, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return reports{}, fmt.Errorf("report directory: %w", err)
	}
	name := filepath.Join(root, started.Local().Format(reportLayout))
	dir := name
	for n := 2; ; n++ {
		err := os.Mkdir(dir, 0o755)
		switch {
		case err == nil:
			return reports{root, dir}, nil
		case !errors.Is(err, fs.ErrExist):
			return reports{}, fmt.Errorf("report directory: %w", err)
		}
		dir = fmt.Sprintf("%s-%d", name, n) // two nightly runs within a second
	}
}

// write puts a document into the directory and returns its path.
func (r reports) write(name string, content []byte) (string, error) {
	path := filepath.Join(r.dir, name)
	return path, osfile.Write(path, content, 0o644)
}

// point atomically makes the link "latest" refer to this directory, so that
// readers always find one.
func (r reports) point() error {
	link := filepath.Join(r.root, latestName)
	if st, err := os.Lstat(link); err == nil && st.Mode()&fs.ModeSymlink == 0 {
		return fmt.Errorf("%s is not a symbolic link, so it was not replaced: move it away", link)
	}
	return osfile.Symlink(filepath.Base(r.dir), link)
}

// pruneReports removes the reports of nightly runs that started before a time,
// and returns the names of what it removed. Files of other origin stay, and so
// do their directories.
func pruneReports(root string, before time.Time) (removed []string, err error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	latest, _ := os.Readlink(filepath.Join(root, latestName)) // no link: nothing to keep for it
	for _, e := range entries {
		name := reportDirectory.FindStringSubmatch(e.Name())
		if name == nil || !e.IsDir() || e.Name() == latest {
			continue
		}
		started, perr := time.ParseInLocation(reportLayout, name[1], time.Local)
		if perr != nil || !started.Before(before) {
			continue
		}
		gone, rerr := removeReports(filepath.Join(root, e.Name()))
		err = errors.Join(err, rerr)
		if gone {
			removed = append(removed, e.Name())
		}
	}
	return removed, err
}

func removeReports(dir string) (gone bool, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	others := false
	for _, f := range files {
		if !reportFile.MatchString(f.Name()) || !f.Type().IsRegular() {
			others = true
			continue
		}
		err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
	}
	if err != nil || others {
		return false, err
	}
	return true, os.Remove(dir)
}
