// Package debian is the source of kernels from Debian's archive: it reads
// signed indexes, trusts only files with a digest in them, and unpacks kernel
// packages into the store. It must not know what a kernel is used for.
package debian

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/apt"
)

// Source offers the kernels of one Debian archive and its security archive.
// It is safe for concurrent use.
type Source struct {
	cfg    Config
	store  *kernels.Store
	apt    aptConfig
	client *apt.Client
	now    func() time.Time
	// named is set when the user chose the suites; each of them must exist.
	named bool

	mu sync.Mutex
	// Of the last list of each architecture.
	warnings map[string][]string
	builds   map[string]map[buildID]build
}

// New returns the source that cfg describes. It reads the host's apt
// configuration for what cfg omits, and does not use the network.
func New(cfg Config, store *kernels.Store) (*Source, error) {
	host, err := readApt("/", apt.HostSettings())
	if err != nil {
		return nil, err
	}
	return newSource(cfg, store, host)
}

func newSource(cfg Config, store *kernels.Store, host aptConfig) (*Source, error) {
	named := len(cfg.Suites) > 0
	cfg = cfg.withDefaults(host)
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Source{
		cfg:      cfg,
		store:    store,
		apt:      host,
		client:   apt.NewClient(store, "debian", settings, host.Host),
		now:      time.Now,
		named:    named,
		warnings: map[string][]string{},
		builds:   map[string]map[buildID]build{},
	}, nil
}

// Warnings returns what the last list of each architecture skipped or tolerated,
// each with a remedy.
func (s *Source) Warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, a := range arch.All() {
		for _, w := range s.warnings[a.Name] {
			if !slices.Contains(all, w) { // a suite expires for all of them
				all = append(all, w)
			}
		}
	}
	return all
}

// List implements kernels.Source: it lists the default flavour.
func (s *Source) List(ctx context.Context) ([]kernels.Entry, error) {
	all, err := s.ListArch(ctx, s.cfg.Architecture)
	return slices.DeleteFunc(all, func(e kernels.Entry) bool { return !s.cfg.wants(e.Flavour) }), err
}

// ListArch implements kernels.ArchSource. Suites are read in parallel; an index
// that is younger than Config.MaxAge is not requested again.
func (s *Source) ListArch(ctx context.Context, architecture string) ([]kernels.Entry, error) {
	keys, err := s.keyring()
	if err != nil {
		return nil, err
	}
	found := make([]suiteResult, len(s.cfg.Suites))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(s.cfg.Parallel)
	for i, name := range s.cfg.Suites {
		group.Go(func() error {
			var err error
			found[i], err = s.readSuite(groupCtx, name, architecture, keys)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	warnings, err := summarise(found)
	if err != nil {
		return nil, err
	}
	builds := map[buildID]build{}
	var entries []kernels.Entry
	for _, f := range found {
		for _, b := range f.builds {
			if _, seen := builds[b.id()]; seen {
				continue
			}
			builds[b.id()] = b
			entries = append(entries, s.entry(b))
		}
	}
	s.mu.Lock()
	s.warnings[architecture], s.builds[architecture] = warnings, builds
	s.mu.Unlock()
	return entries, nil
}

// summarise collects the warnings. An unreachable suite is an error if the
// mirror answers for others, because its kernels would be missing silently;
// without network the cached indexes are used.
func summarise(found []suiteResult) (warnings []string, err error) {
	var unreachable error
	used, answered := false, false
	for _, f := range found {
		warnings = append(warnings, f.warnings...)
		used = used || f.used
		answered = answered || f.answered
		if f.unreachable != nil {
			unreachable = f.unreachable
			warnings = append(warnings, f.unreachable.Error())
		}
	}
	switch {
	case unreachable != nil && (answered || !used):
		return nil, unreachable
	case !used:
		return nil, fmt.Errorf("none of the suites can be used: %s", strings.Join(warnings, "; "))
	}
	return warnings, nil
}

// pageSize is that of the build's flavour, in bytes.
func pageSize(b build) int {
	of, err := arch.Parse(b.arch)
	if err != nil {
		return 0
	}
	return of.PageSize(b.flavour)
}

func (s *Source) entry(b build) kernels.Entry {
	e := kernels.Entry{
		Release:        b.release,
		Version:        b.version,
		Arch:           b.arch,
		Flavour:        b.flavour,
		PageSize:       pageSize(b),
		Origin:         "debian/" + b.suite,
		PackageVersion: b.image.Version,
		Cached:         s.store.Has(b.key(s.cfg.AllowUnindexedModules)),
		Modules:        true,
		Source:         s,
	}
	for _, p := range b.packages {
		e.Size += p.Size
	}
	if len(b.unindexed) > 0 {
		e.Modules = s.cfg.AllowUnindexedModules
		e.Restricted = !e.Modules
		e.Note = "its modules are not in the signed index: kernels.debian.allow-unindexed-modules would download them from the pool"
		if e.Modules {
			e.Note = "its modules are not in the signed index: their digest is that of the first download"
		}
	}
	return e
}

// Fetch implements kernels.Source.
func (s *Source) Fetch(ctx context.Context, e kernels.Entry, progress kernels.Progress) (kernels.Kernel, error) {
	b, err := s.build(ctx, e)
	if err != nil {
		return kernels.Kernel{}, err
	}
	return s.store.Put(ctx, b.key(s.cfg.AllowUnindexedModules), func(ctx context.Context, dir string) (kernels.Facts, error) {
		return s.fill(ctx, b, dir, progress)
	})
}

// build finds the packages of an entry, listing its architecture if necessary.
func (s *Source) build(ctx context.Context, e kernels.Entry) (build, error) {
	architecture, id := cmp.Or(e.Arch, kernels.AMD64), buildID{e.Release, e.PackageVersion}
	for _, list := range []bool{false, true} {
		if list {
			if _, err := s.ListArch(ctx, architecture); err != nil {
				return build{}, err
			}
		}
		s.mu.Lock()
		b, ok := s.builds[architecture][id]
		s.mu.Unlock()
		if ok {
			return b, nil
		}
	}
	return build{}, fmt.Errorf("the archive no longer has package %s of release %s", id.packageVersion, id.release)
}

// suiteResult is the result of reading a suite.
type suiteResult struct {
	used     bool
	answered bool // the mirror answered
	builds   []build
	warnings []string
	// unreachable is why a default suite was skipped, if the mirror could not be
	// reached and no index is cached.
	unreachable error
}

// isStale reports whether an error is that of a mirror whose index is missing or
// does not match its Release file.
func isStale(err error) bool {
	var missing *apt.MissingError
	var digest *apt.DigestError
	var truncated *apt.TruncatedError
	return errors.As(err, &missing) || errors.As(err, &digest) || errors.As(err, &truncated)
}

// readSuite reads the kernels of an architecture in one suite. A default suite may be missing or expired: that is
// a warning.
func (s *Source) readSuite(ctx context.Context, name, architecture string, keys apt.Keyring) (suiteResult, error) {
	var result suiteResult
	if s.cfg.archive(name) == "" {
		result.warnings = append(result.warnings, fmt.Sprintf("suite %s is skipped: no security archive in the host's apt sources; set kernels.debian.security-mirror", name))
		return result, nil
	}
	rel, err := s.release(ctx, name, keys)
	var missing *apt.MissingError
	var expired *apt.ExpiredError
	var unreachable *apt.UnreachableError
	switch {
	case errors.As(err, &missing) && !s.named:
		result.answered = true
		result.warnings = append(result.warnings, fmt.Sprintf("suite %s is skipped: the mirror does not have it", name))
		return result, nil
	case errors.As(err, &expired) && !s.named:
		result.answered = true
		result.warnings = append(result.warnings, fmt.Sprintf("suite %s is skipped: %s", name, expired))
		return result, nil
	case errors.As(err, &unreachable) && !s.named && ctx.Err() == nil:
		result.unreachable = fmt.Errorf("suite %s: %w", name, err)
		return result, nil
	case err != nil:
		return result, fmt.Errorf("suite %s: %w", name, err)
	}
	result.answered = rel.fresh
	if rel.warning != "" {
		result.warnings = append(result.warnings, rel.warning)
	}
	packages, err := s.packages(ctx, rel, architecture)
	if err != nil && !s.named && architecture != s.cfg.Architecture && isStale(err) {
		// Mirrors carry the other architectures with less care: an old index of
		// one suite must not hide the others.
		result.warnings = append(result.warnings, fmt.Sprintf("suite %s is skipped for %s: %s", name, architecture, err))
		result.used = true
		return result, nil
	}
	if err != nil {
		return result, fmt.Errorf("suite %s: %w", name, err)
	}
	result.used = true
	result.builds = assemble(name, architecture, packages)
	return result, nil
}
