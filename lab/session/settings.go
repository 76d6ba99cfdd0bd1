// Package session runs plans for a user. It opens the stores, resolves and
// fetches kernels, selects tests and filesystem profiles, chooses the
// accelerator, runs or resumes a plan, and concludes the run. It reads the
// configuration, and must not know flags, verbs or terminals: the caller passes
// in writers for progress and output.
//
// Read settings.go for what an invocation is, selection.go and kernels.go for
// what it may run, session.go for what it opens, and then run.go, resume.go and
// conclude.go.
package session

import (
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/results/store"
)

// Settings are the settings of one invocation. They are a value: a verb that
// needs other options than the user configured changes its copy.
type Settings struct {
	config.Config
	// Command is the command line, and Version that of splicelab: for the
	// record of a run.
	Command  []string
	Version  string
	Log      *Log
	Programs *Programs
}

// Log prints what concerns a whole invocation: warnings, and the steps of kernel
// builds.
type Log struct {
	out    io.Writer
	build  *progress.Line
	warned map[string]bool
}

// NewLog writes to w.
func NewLog(w io.Writer) *Log {
	return &Log{out: w, build: progress.NewLine(w), warned: map[string]bool{}}
}

// Warn prints each text once per invocation.
func (l *Log) Warn(texts ...string) {
	for _, text := range texts {
		if l.warned[text] {
			continue
		}
		l.warned[text] = true
		fmt.Fprintf(l.out, "splicelab: warning: %s\n", sanitize.Line(text))
	}
}

// Note prints a line.
func (l *Log) Note(text string) { fmt.Fprintf(l.out, "splicelab: %s\n", sanitize.Line(text)) }

// OpenKernels opens the cache's store of kernels.
func (s Settings) OpenKernels() (*kernels.Store, error) {
	return kernels.OpenStore(filepath.Join(s.Cache, "kernels"))
}

// ResultsFile is the database of results.
func (s Settings) ResultsFile() string { return filepath.Join(s.State, "results.db") }

// OpenResults opens the store of results.
func (s Settings) OpenResults() (*store.Store, error) {
	if s.Log == nil {
		return store.Open(s.ResultsFile())
	}
	return store.OpenNoting(s.ResultsFile(), s.Log.Note)
}

// Profiles are the user's and the built-in filesystem profiles of these names.
// Only unknown names are an error.
func (s Settings) Profiles(names string) ([]images.Profile, error) {
	found, err := images.Select(names, s.Filesystems)
	if err != nil {
		return nil, input.Errorf("%s", err)
	}
	return found, nil
}

// Profile is the only profile that the name selects.
func (s Settings) Profile(name string) (images.Profile, error) {
	found, err := s.Profiles(name)
	if err != nil {
		return images.Profile{}, err
	}
	if len(found) != 1 {
		return images.Profile{}, input.Optionf("filesystem", "%s names %d filesystems: name one", name, len(found))
	}
	return found[0], nil
}

// RandomSeed is the configured seed, or a random one.
func (s Settings) RandomSeed() uint64 {
	seed := s.Run.Seed
	for seed == 0 {
		seed = rand.Uint64() >> 11 // 53 bits: JSON readers with floating-point numbers keep them exactly
	}
	return seed
}
