package kernels

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
)

// SelectorError reports a selector that matches no kernel, or is ambiguous.
type SelectorError struct {
	Selector string
	Reason   string   // what is wrong with it
	Near     []string // the closest names that exist; may be empty
}

func (e *SelectorError) Error() string {
	s := fmt.Sprintf("kernel selector %q: %s", e.Selector, e.Reason)
	if len(e.Near) > 0 {
		s += "; near it: " + strings.Join(e.Near, ", ")
	}
	return s
}

// BadInput marks a user error, as opposed to a failure of the lab.
func (*SelectorError) BadInput() {}

// selectorForms is shown for selectors that cannot be parsed.
const selectorForms = "use 6.12 (newest of the series), 6.12.95, a release, 6.12.43..6.12.117, newest:5, all, file:PATH or build:NAME; @FLAVOUR after it selects another flavour, as in 6.12@arm64-16k"

// Select returns the entries that the comma-separated selectors match, each
// once, oldest first. A selector without a flavour considers only kernels of an
// architecture's default flavour if there are any. The error is a *SelectorError.
//
// The selectors: 6.12 is the newest of the series; 6.12.95 the newest package of
// that version; 6.1.0-56 the release with that prefix, or a package version;
// 6.12.43..6.12.117 an inclusive range (see kernelversion.ParseRange) of
// upstream versions; newest:5 the newest of each of the five newest series; all
// every kernel. Ranges, newest and all skip restricted entries. @FLAVOUR after
// any of them considers only that flavour; see CutFlavour.
func Select(entries []Entry, selectors string) ([]Entry, error) {
	parts, err := splitSelectors(selectors)
	if err != nil {
		return nil, err
	}
	return selectParts(entries, parts)
}

// splitSelectors splits a list of selectors at its commas.
func splitSelectors(selectors string) ([]string, error) {
	parts := strings.Split(selectors, ",")
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
		if parts[i] == "" {
			return nil, &SelectorError{Selector: selectors, Reason: "empty; " + selectorForms}
		}
	}
	return parts, nil
}

func selectParts(entries []Entry, parts []string) ([]Entry, error) {
	offer := newOffer(entries)
	var chosen []Entry
	for _, part := range parts {
		found, err := offer.choose(part)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, found...)
	}
	return unique(chosen), nil
}

// unique sorts entries and removes duplicates.
func unique(entries []Entry) []Entry {
	SortEntries(entries)
	return slices.CompactFunc(entries, func(a, b Entry) bool { return CompareEntries(a, b) == 0 })
}

// offer is the set of kernels to choose from, oldest first.
type offer struct {
	all   []Entry // every flavour
	usual []Entry // the default flavours, or all if there is none
}

func newOffer(entries []Entry) offer {
	all := slices.Clone(entries)
	SortEntries(all)
	var usual []Entry
	for _, e := range all {
		if a, err := arch.OfFlavour(e.Flavour); err == nil && e.Flavour == a.Flavours[0] {
			usual = append(usual, e)
		}
	}
	if len(usual) == 0 {
		usual = all
	}
	return offer{all: all, usual: usual}
}

// choose is find for a selector that may have a flavour.
func (o offer) choose(part string) ([]Entry, error) {
	bare, flavour, err := CutFlavour(part)
	if err != nil {
		return nil, err
	}
	if bare == part { // a release that names its flavour is found among all
		return o.find(part)
	}
	return inFlavour(o.all, part, bare, flavour)
}

func (o offer) find(selector string) ([]Entry, error) {
	switch {
	case selector == "all":
		return o.free(selector, o.usual)
	case strings.HasPrefix(selector, "newest:"):
		return o.newest(selector)
	case strings.Contains(selector, ".."):
		return o.between(selector)
	}
	version, rest, err := kernelversion.Cut(selector)
	if err != nil {
		return nil, &SelectorError{Selector: selector, Reason: "not understood: " + selectorForms}
	}
	if found := last(o.all, func(e Entry) bool { return e.Release == selector }); found != nil {
		return found, nil
	}
	if found := last(o.usual, func(e Entry) bool { return e.PackageVersion == selector }); found != nil {
		return found, nil
	}
	if rest == "" {
		matches := func(e Entry) bool { return e.Version == version }
		if kernelversion.IsSeries(selector) {
			matches = func(e Entry) bool { return e.Version.FirstOfSeries() == version }
		}
		if found := last(o.usual, matches); found != nil {
			return found, nil
		}
	}
	if found, err := o.byPrefix(selector); found != nil || err != nil {
		return found, err
	}
	return nil, o.noMatch(selector, version)
}

// last is the newest entry that matches, or nil.
func last(entries []Entry, matches func(Entry) bool) []Entry {
	for _, e := range slices.Backward(entries) {
		if matches(e) {
			return []Entry{e}
		}
	}
	return nil
}

// byPrefix finds the one release of which the selector is a prefix, up to a
// separator. No match is not an error; several are.
func (o offer) byPrefix(selector string) ([]Entry, error) {
	begins := func(e Entry) bool {
		tail, ok := strings.CutPrefix(e.Release, selector)
		return ok && tail != "" && strings.ContainsRune("-+~_ .", rune(tail[0]))
	}
	for _, among := range [][]Entry{o.usual, o.all} {
		var releases []string
		for _, e := range among {
			if begins(e) && !slices.Contains(releases, e.Release) {
				releases = append(releases, e.Release)
			}
		}
		switch len(releases) {
		case 0:
			continue
		case 1:
			return last(among, begins), nil
		}
		return nil, &SelectorError{Selector: selector, Reason: fmt.Sprintf("ambiguous: it matches %d releases", len(releases)), Near: few(releases)}
	}
	return nil, nil
}

// free returns the unrestricted entries, only the newest package of each
// release: reports name a kernel by its release.
func (o offer) free(selector string, entries []Entry) ([]Entry, error) {
	var found []Entry
	restricted := 0
	note := ""
	for _, e := range entries {
		if e.Restricted {
			restricted++
			note = e.Note
			continue
		}
		if i := slices.IndexFunc(found, func(f Entry) bool { return f.Release == e.Release }); i >= 0 {
			found = slices.Delete(found, i, i+1)
		}
		found = append(found, e)
	}
	switch {
	case len(found) > 0:
		return found, nil
	case restricted > 0:
		return nil, &SelectorError{Selector: selector, Reason: fmt.Sprintf("all %d matching kernels are restricted: %s", restricted, note)}
	case len(o.usual) == 0:
		return nil, &SelectorError{Selector: selector, Reason: "there are no kernels to choose from"}
	}
	return nil, &SelectorError{Selector: selector, Reason: "no kernel is in this range", Near: o.nearSeries(kernelversion.Version{})}
}

func (o offer) newest(selector string) ([]Entry, error) {
	count, err := strconv.Atoi(strings.TrimPrefix(selector, "newest:"))
	if err != nil || count < 1 {
		return nil, &SelectorError{Selector: selector, Reason: "want a number from 1, as in newest:5"}
	}
	free, err := o.free(selector, o.usual)
	if err != nil {
		return nil, err
	}
	var found []Entry
	for _, e := range slices.Backward(free) {
		if len(found) > 0 && found[len(found)-1].Version.FirstOfSeries() == e.Version.FirstOfSeries() {
			continue
		}
		if len(found) == count {
			break
		}
		found = append(found, e)
	}
	return found, nil
}

// parseRange reads a selector that is a range of upstream versions.
func parseRange(selector string) (kernelversion.Range, error) {
	bad := func(reason string) (kernelversion.Range, error) {
		return kernelversion.Range{}, &SelectorError{Selector: selector, Reason: reason}
	}
	if strings.Trim(selector, ". ") == "" {
		return bad("want FROM..TO, one of which may be omitted")
	}
	r, err := kernelversion.ParseRange(selector)
	switch {
	case err != nil:
		return bad(err.Error())
	case r.HasRelease():
		return bad("its bounds must be upstream versions such as 6.12.95, not releases")
	}
	return r, nil
}

func (o offer) between(selector string) ([]Entry, error) {
	r, err := parseRange(selector)
	if err != nil {
		return nil, err
	}
	var within []Entry
	for _, e := range o.usual {
		if r.Contains(e.named()) {
			within = append(within, e)
		}
	}
	if len(within) == 0 && len(o.usual) > 0 {
		near := r.From()
		if near.IsZero() {
			near = r.To()
		}
		return nil, &SelectorError{Selector: selector, Reason: "no kernel is in this range", Near: o.nearSeries(near)}
	}
	return o.free(selector, within)
}

// noMatch is the error for a version that does not exist: it lists the nearest
// versions of the same series, or the nearest series.
func (o offer) noMatch(selector string, version kernelversion.Version) error {
	var versions []kernelversion.Version
	for _, e := range o.usual {
		if e.Version.FirstOfSeries() == version.FirstOfSeries() && !slices.Contains(versions, e.Version) {
			versions = append(versions, e.Version)
		}
	}
	err := &SelectorError{Selector: selector, Reason: "no kernel matches it"}
	if len(o.usual) == 0 {
		err.Reason = "there are no kernels to choose from"
		return err
	}
	if len(versions) == 0 {
		err.Near = o.nearSeries(version)
		return err
	}
	for _, v := range nearest(versions, version) {
		err.Near = append(err.Near, v.String())
	}
	return err
}

// nearSeries lists the series closest to the version.
func (o offer) nearSeries(version kernelversion.Version) []string {
	var series []kernelversion.Version
	for _, e := range o.usual {
		if s := e.Version.FirstOfSeries(); !slices.Contains(series, s) {
			series = append(series, s)
		}
	}
	var names []string
	for _, s := range nearest(series, version.FirstOfSeries()) {
		names = append(names, s.Series())
	}
	return names
}

// nearest picks up to three versions on either side of v from a sorted list.
func nearest(versions []kernelversion.Version, v kernelversion.Version) []kernelversion.Version {
	const each = 3
	at, _ := slices.BinarySearchFunc(versions, v, kernelversion.Version.Compare)
	return versions[max(0, at-each):min(len(versions), at+each)]
}

// few truncates a list for a message.
func few(names []string) []string {
	const most = 6
	if len(names) <= most {
		return names
	}
	return append(slices.Clone(names[:most]), "…")
}
