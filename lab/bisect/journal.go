package bisect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/osfile"
)

// Journal records what every subject of a search showed. A result is on disk
// before it counts, so a killed search can be resumed.
type Journal struct {
	path      string
	lock      *os.File
	mark      *os.File // tells readers that the lock is held
	record    record
	detection Detection
	// Resumed says that an unfinished search with the same query was found.
	Resumed bool
}

// record is what the file holds.
type record struct {
	Format   int               `json:"format"`
	Question map[string]string `json:"question"`
	Begun    time.Time         `json:"begun"`
	Finished bool              `json:"finished"`
	Terms    Terms             `json:"terms"`
	Tallies  map[string]Tally  `json:"tallies"`
	// The reasons why subjects were skipped.
	Untestable map[string]string `json:"untestable,omitempty"`
	Runs       []string          `json:"runs,omitempty"`
	// Pinned is what the names in the query resolved to when the search
	// began.
	Pinned map[string]string `json:"pinned,omitempty"`
	// Identities are the subjects' identities, by which tallies are stored.
	Identities map[string]string `json:"identities,omitempty"`
	// State is that of the search before its last attempts, or after its last
	// decision.
	State *State `json:"state,omitempty"`
	// Verified has the tallies of subjects from before they were verified.
	Verified map[string]Tally `json:"verified,omitempty"`
}

const (
	journalFormat = 1
	lockSuffix    = ".lock"
)

// OpenJournal opens the journal of a question in dir, or creates it. The
// question is everything that the answer depends on and identifies the journal.
// A finished journal is started over, as is any if fresh is set. The journal is
// locked until Close: two concurrent searches would count attempts twice.
func OpenJournal(dir string, question map[string]string, fresh bool) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot save the bisection's state: %w", err)
	}
	text, err := json.Marshal(question) // sorts the keys
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	j := &Journal{path: filepath.Join(dir, hex.EncodeToString(sum[:6])+".json")}
	j.lock, err = osfile.TryLock(j.path+lockSuffix, osfile.Exclusive)
	var held *osfile.HeldError
	switch {
	case errors.As(err, &held):
		return nil, fmt.Errorf("this bisection is already running in another splicelab: wait until it exits (%s)", j.path)
	case err != nil:
		return nil, fmt.Errorf("cannot save the bisection's state: %w", err)
	}
	// Whether flock(2) is held cannot be asked without taking it.
	if j.mark, err = osfile.ByteLock(j.path+lockSuffix, 0); err == nil {
		err = j.load(question, fresh)
	}
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// JournalError reports a journal that cannot be continued.
type JournalError struct {
	Path   string
	Reason string
}

func (e *JournalError) Error() string { return "the bisection's state " + e.Path + " " + e.Reason }

func (j *Journal) load(question map[string]string, fresh bool) error {
	anew := record{Format: journalFormat, Question: question, Begun: time.Now().UTC(), Tallies: map[string]Tally{}, Untestable: map[string]string{}}
	content, err := os.ReadFile(j.path)
	switch {
	case fresh, errors.Is(err, fs.ErrNotExist):
		j.record = anew
		return nil
	case err != nil:
		return err
	}
	if err := json.Unmarshal(content, &j.record); err != nil {
		return &JournalError{Path: j.path, Reason: "is corrupt: " + err.Error()}
	}
	if j.record.Format != journalFormat || !maps.Equal(j.record.Question, question) {
		return &JournalError{Path: j.path, Reason: "was written by another version of splicelab, or for another query"}
	}
	if j.record.Finished {
		j.record = anew
		return nil
	}
	j.Resumed = len(j.record.Tallies) > 0 || len(j.record.Runs) > 0 || len(j.record.Identities) > 0
	if j.record.Tallies == nil {
		j.record.Tallies = map[string]Tally{}
	}
	if j.record.Untestable == nil {
		j.record.Untestable = map[string]string{}
	}
	return nil
}

// Close unlocks the journal; its content is already on disk.
func (j *Journal) Close() error {
	var err error
	if j.mark != nil {
		err = j.mark.Close()
	}
	return errors.Join(err, j.lock.Close())
}

// Beside is the name of a file of the search next to the journal, with this
// suffix.
func (j *Journal) Beside(suffix string) string { return strings.TrimSuffix(j.path, ".json") + suffix }

// Pin records what the names in the question resolve to, such as a branch to a
// commit. The error is a *MovedError if that has changed since the search began.
func (j *Journal) Pin(meaning map[string]string) error {
	if j.record.Pinned == nil {
		j.record.Pinned = meaning
		return j.save()
	}
	for word, is := range meaning {
		if was := j.record.Pinned[word]; was != is {
			return &MovedError{Word: word, Was: was, Is: is}
		}
	}
	return nil
}

// Begun is when the search started.
func (j *Journal) Begun() time.Time { return j.record.Begun }

// Tally is what a subject, or any other of the same identity, has shown so far.
func (j *Journal) Tally(subject string) Tally {
	return slices.Clone(j.record.Tallies[j.Identity(subject)])
}

// Identity is a subject's identity; the subject itself by default.
func (j *Journal) Identity(subject string) string {
	if id := j.record.Identities[subject]; id != "" {
		return id
	}
	return subject
}

func (j *Journal) setIdentity(subject, id string) error {
	if j.record.Identities == nil {
		j.record.Identities = map[string]string{}
	}
	j.record.Identities[subject] = id
	return j.save()
}

// verifying is a subject's tally from before its verification began.
func (j *Journal) verifying(subject string) (Tally, error) {
	id := j.Identity(subject)
	if t, begun := j.record.Verified[id]; begun {
		return t, nil
	}
	if j.record.Verified == nil {
		j.record.Verified = map[string]Tally{}
	}
	t := j.Tally(subject)
	j.record.Verified[id] = t
	return t, j.save()
}

// Terms are the search's; zero before they are known.
func (j *Journal) Terms() Terms { return j.record.Terms }

// SetTerms records the terms.
func (j *Journal) SetTerms(t Terms) error {
	j.record.Terms = t
	return j.save()
}

// Untestable is why a subject is skipped, or empty.
func (j *Journal) Untestable(subject string) string { return j.record.Untestable[subject] }

// untestable records a subject that cannot be tried; false for other errors.
func (j *Journal) untestable(subject string, err error) bool {
	var u *UntestableError
	if !errors.As(err, &u) {
		return false
	}
	j.record.Untestable[subject] = u.Reason
	return true
}

// Add stores what attempts at a subject showed.
func (j *Journal) Add(subject string, seen []Seen) error {
	t := j.Tally(subject)
	for _, s := range seen {
		t.Add(s)
	}
	j.record.Tallies[j.Identity(subject)] = t
	return j.save()
}

// AddRun records the stored run of some attempts; it is written with them.
func (j *Journal) AddRun(id string) { j.record.Runs = append(j.record.Runs, id) }

// Run is the first recorded run, or empty.
func (j *Journal) Run() string {
	if len(j.record.Runs) == 0 {
		return ""
	}
	return j.record.Runs[0]
}

// Save writes what was recorded since the last attempts.
func (j *Journal) Save() error { return j.save() }

// Finish marks the search as finished: the same question then starts over.
func (j *Journal) Finish() error {
	j.record.Finished = true
	return j.save()
}

// save replaces the file atomically.
func (j *Journal) save() error {
	if j.path == "" {
		return nil // an in-memory journal
	}
	text, err := json.MarshalIndent(j.record, "", "  ")
	if err != nil {
		return err
	}
	err = osfile.Write(j.path, append(text, '\n'), 0o600)
	if err != nil {
		return fmt.Errorf("cannot save the bisection's state: %w; the previous state is unchanged", err)
	}
	return nil
}
