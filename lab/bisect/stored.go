package bisect

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Stored is a search as far as its journal has it, for those who only watch.
type Stored struct {
	ID             string // of the question
	Question       map[string]string
	Begun, Changed time.Time
	Running        bool // a process has the journal
	Finished       bool
	Terms          Terms
	State          State
	Subjects       []StoredSubject // in the order of names
	Runs           []string        // of the attempts, oldest first
}

// StoredSubject is a subject that was tried.
type StoredSubject struct {
	Name       string
	Tally      Tally
	Untestable string // why it is skipped; empty: it is not
}

// ReadStored returns the searches of a directory of journals that have tried a
// subject, the one that changed last first, at most so many. It takes no lock. A
// journal that cannot be read is left out: it may be of another version.
func ReadStored(dir string, most int) ([]Stored, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	changed := map[string]time.Time{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".json") {
			changed[e.Name()] = info.ModTime()
		}
	}
	names := slices.SortedFunc(maps.Keys(changed), func(a, b string) int {
		return cmp.Or(changed[b].Compare(changed[a]), strings.Compare(a, b))
	})
	var all []Stored
	for _, name := range names {
		if len(all) == most {
			break
		}
		path := filepath.Join(dir, name)
		var r record
		if content, err := os.ReadFile(path); err != nil || json.Unmarshal(content, &r) != nil || r.Format != journalFormat || r.State == nil {
			continue
		}
		held, err := osfile.HeldBytes(path + lockSuffix)
		all = append(all, Stored{
			ID: strings.TrimSuffix(name, ".json"), Question: r.Question, Begun: r.Begun, Changed: changed[name].UTC(),
			Running: err == nil && len(held) > 0 && !r.Finished, Finished: r.Finished, Terms: r.Terms, State: *r.State, Subjects: r.subjects(), Runs: r.Runs,
		})
	}
	return all, nil
}

// subjects are the subjects that have a tally or cannot be tried. Several can
// share an identity, and with it a tally.
func (r *record) subjects() []StoredSubject {
	identified := map[string]bool{}
	var all []StoredSubject
	add := func(name, id string) {
		if t, untestable := r.Tallies[id], r.Untestable[name]; len(t) > 0 || untestable != "" {
			all = append(all, StoredSubject{name, t, untestable})
		}
	}
	for name, id := range r.Identities {
		identified[id], identified[name] = true, true
		add(name, id)
	}
	for _, names := range []map[string]bool{keys(r.Tallies), keys(r.Untestable)} {
		for name := range names {
			if !identified[name] {
				identified[name] = true
				add(name, name)
			}
		}
	}
	slices.SortFunc(all, func(a, b StoredSubject) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func keys[V any](m map[string]V) map[string]bool {
	out := make(map[string]bool, len(m))
	for k := range m {
		out[k] = true
	}
	return out
}
