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

// memory is what is known of the night before: what people were told the last
// time, so that they are not told it again.
type memory struct {
	Told     changes.Digest `json:"told"`
	Baseline string         `json:"baseline"` // the run that it was compared with
	Run      string         `json:"run"`
	When     time.Time      `json:"when"`
}

// remember reads the memory in a directory. One that is not there or was damaged is
// empty: then people are told too much rather than too little.
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
		return memory{}, fmt.Errorf("what was told the last time cannot be read: %s: %w", path, err)
	}
	return m, nil
}

// keep replaces the memory.
func (m memory) keep(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := osfile.Write(filepath.Join(dir, memoryName), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("what was told cannot be kept, and will be told again: %w", err)
	}
	return nil
}
