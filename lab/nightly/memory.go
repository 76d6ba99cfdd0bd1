package nightly

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/results/changes"
)

const memoryName = "nightly.json"

// memory is the state after the last nightly run: what was reported, so that it
// is not reported again.
type memory struct {
	Notified changes.Digest `json:"told"`
	Baseline string         `json:"baseline"` // the run that it was compared with
	Run      string         `json:"run"`
	When     time.Time      `json:"when"`
}

// remember reads the memory in a directory. A missing or corrupt one is empty:
// reporting twice is better than not reporting.
func remember(dir string) (memory, error) {
	path := filepath.Join(dir, memoryName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return memory{}, nil
	}
	var m memory
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		return memory{}, fmt.Errorf("the record of the last notification cannot be read: %s: %w", path, err)
	}
	return m, nil
}

// keep saves the memory.
func (m memory) keep(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := osfile.Write(filepath.Join(dir, memoryName), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("the record of this notification cannot be saved, so the same changes will be reported again: %w", err)
	}
	return nil
}
