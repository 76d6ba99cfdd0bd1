package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/results"
)

// liveFor is how long a report is valid: it is made every second.
const liveFor = 15 * time.Second

func (s *Store) livePath(id string) string {
	return filepath.Join(s.path+".live", url.PathEscape(id)+".json")
}

// SetLive reports on a run that this process runs.
func (s *Store) SetLive(id string, l results.Live) error {
	path := s.livePath(id)
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	var text []byte
	if err == nil {
		text, err = json.Marshal(l)
	}
	if err == nil {
		// Nobody needs it after a crash of the machine, so it is not synced.
		err = os.WriteFile(path+".tmp", text, 0o666)
	}
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		return fmt.Errorf("report the progress of run %s: %w", id, err)
	}
	return nil
}

// EndLive removes the report on a run.
func (s *Store) EndLive(id string) error {
	err := os.Remove(s.livePath(id))
	_ = os.Remove(s.path + ".live") // if it was the last
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sweepLive removes reports that killed processes left behind. It is harmless to
// fail: they are outdated, and whoever resumes the run replaces its report.
func (s *Store) sweepLive() {
	dir := s.path + ".live"
	reports, err := os.ReadDir(dir)
	if err != nil || len(reports) == 0 {
		return
	}
	// The locks are read after the reports: a process holds its run's lock before
	// it reports.
	running, err := s.Running()
	if err != nil {
		return
	}
	for _, r := range reports {
		name := strings.TrimSuffix(strings.TrimSuffix(r.Name(), ".tmp"), ".json")
		if id, err := url.PathUnescape(name); err == nil && !running.Has(id) {
			_ = os.Remove(filepath.Join(dir, r.Name()))
		}
	}
	_ = os.Remove(dir) // if none is left
}

// Live is what the process that runs a run reported last, if that is not long
// ago. A process that was killed leaves its report behind, so that only the
// run's lock says whether it runs.
func (s *Store) Live(id string, now time.Time) (l results.Live, ok bool) {
	text, err := os.ReadFile(s.livePath(id))
	if err != nil || json.Unmarshal(text, &l) != nil {
		return results.Live{}, false
	}
	return l, now.Sub(l.At).Abs() <= liveFor
}
