package kernels

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
)

// AllFlavours is the flavour in 6.12@*: the selector is applied to each.
const AllFlavours = "*"

// ArchSource is a source that lists only its default flavour, because each
// architecture costs an index of its own.
type ArchSource interface {
	Source
	// ListArch returns the kernels of all flavours of an architecture, in no
	// particular order. An architecture that the source does not have is not an
	// error.
	ListArch(ctx context.Context, arch string) ([]Entry, error)
	// Archs names the architectures that the source has, also those that the lab
	// does not know.
	Archs(ctx context.Context) ([]string, error)
}

// CutFlavour splits SELECTOR@FLAVOUR. An empty flavour means the default one, an
// empty selector all kernels of the flavour. A release names its flavour itself.
// A flavour that the lab does not know is a *SelectorError.
func CutFlavour(selector string) (bare, flavour string, err error) {
	bare, flavour, explicit := strings.Cut(selector, "@")
	switch {
	case !explicit:
		return bare, arch.FlavourOf(bare), nil
	case flavour == "":
		return "", "", &SelectorError{Selector: selector, Reason: "name a flavour after the @, as in 6.12@arm64-16k, or * for all"}
	}
	if bare == "" {
		bare = "all"
	}
	if flavour != AllFlavours {
		if _, err := arch.OfFlavour(flavour); err != nil {
			return "", flavour, &SelectorError{Selector: selector, Reason: err.Error()}
		}
	}
	return bare, flavour, nil
}

// ListFlavour returns the kernels of a flavour, of AllFlavours, or, if it is
// empty, what List returns, oldest first. Only the indexes of the architectures
// needed are read. No kernel of a flavour is a *SelectorError.
func ListFlavour(ctx context.Context, sources []Source, flavour string) ([]Entry, error) {
	if flavour == "" {
		return List(ctx, sources)
	}
	all, err := listArchs(ctx, sources, flavour)
	if err != nil || flavour == AllFlavours {
		return all, err
	}
	return only(all, "@"+flavour, flavour)
}

// listArchs returns the kernels of a flavour's architecture, or of all, oldest
// first.
func listArchs(ctx context.Context, sources []Source, flavour string) ([]Entry, error) {
	archs := arch.Names()
	if flavour != AllFlavours {
		of, err := arch.OfFlavour(flavour)
		if err != nil {
			return nil, err
		}
		archs = []string{of.Name}
	}
	var all []Entry
	for _, s := range sources {
		by, ok := s.(ArchSource)
		if !ok {
			found, err := s.List(ctx)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
			continue
		}
		for _, name := range archs {
			found, err := by.ListArch(ctx, name)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	SortEntries(all)
	return all, nil
}

// resolveFlavours selects among the kernels of flavours other than the default.
func resolveFlavours(ctx context.Context, sources []Source, parts []string) ([]Entry, error) {
	var chosen []Entry
	for _, part := range parts {
		_, flavour, err := CutFlavour(part)
		if err != nil && flavour != "" {
			return nil, unknownFlavour(ctx, sources, err)
		}
		if err != nil {
			return nil, err
		}
		offered, err := listArchs(ctx, sources, flavour)
		if err != nil {
			return nil, err
		}
		found, err := selectParts(offered, []string{part})
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, found...)
	}
	return chosen, nil
}

// unknownFlavour adds to the error which architectures the sources have.
func unknownFlavour(ctx context.Context, sources []Source, err error) error {
	var wrong *SelectorError
	if !errors.As(err, &wrong) {
		return err
	}
	var have []string
	for _, s := range sources {
		if by, ok := s.(ArchSource); ok {
			// Without an index the error is still the user's, and says enough.
			archs, _ := by.Archs(ctx)
			have = append(have, archs...)
		}
	}
	if len(have) > 0 {
		wrong.Reason += "; the archive has packages for " + strings.Join(have, ", ")
	}
	return wrong
}

// inFlavour selects among the kernels of one flavour, or of each.
func inFlavour(entries []Entry, selector, bare, flavour string) ([]Entry, error) {
	flavours := []string{flavour}
	if flavour == AllFlavours {
		flavours = flavoursOf(entries)
	}
	var chosen []Entry
	var first error
	for _, f := range flavours {
		offered, err := only(entries, selector, f)
		if err != nil {
			return nil, err
		}
		found, err := newOffer(offered).find(bare)
		var wrong *SelectorError
		if errors.As(err, &wrong) {
			wrong.Selector = selector
			if first == nil {
				first = err
			}
			continue // another flavour may have it: 5.10 has no arm64-16k
		}
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, found...)
	}
	if len(chosen) == 0 && first == nil {
		first = &SelectorError{Selector: selector, Reason: "there are no kernels to choose from"}
	}
	if len(chosen) == 0 {
		return nil, first
	}
	return chosen, nil
}

// only returns the kernels of a flavour. If there is none, the error names the
// flavours that there are.
func only(entries []Entry, selector, flavour string) ([]Entry, error) {
	var found []Entry
	for _, e := range entries {
		if e.flavour() == flavour {
			found = append(found, e)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	wrong := &SelectorError{Selector: selector, Reason: "the archive has no kernel of the flavour " + flavour}
	if others := flavoursOf(entries); len(others) > 0 {
		wrong.Reason += ", but of " + strings.Join(others, ", ")
	}
	return nil, wrong
}

// flavour is the kernel's flavour, or that in its release.
func (e Entry) flavour() string {
	if e.Flavour != "" {
		return e.Flavour
	}
	return arch.FlavourOf(e.Release)
}

// flavoursOf returns the flavours among the entries, by name.
func flavoursOf(entries []Entry) []string {
	var all []string
	for _, e := range entries {
		if f := e.flavour(); f != "" && !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	slices.Sort(all)
	return all
}
