package terminal

import (
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// labels are the names of kernels in headings and lists. The upstream version
// comes first, because that of a package is another one: Debian's 5.10.0-46 is
// 5.10.262. What all kernels of a run share, such as "-cloud-amd64", is left out.
type labels struct {
	short map[string]string // release → "5.10.262", distinct within the run
	long  map[string]string // release → "5.10.262 (5.10.0-46)", "6.12.118+deb13"
}

func newLabels(releases []kernelversion.Release) labels {
	names, versions := make([]string, len(releases)), make(map[kernelversion.Version]int)
	for i, r := range releases {
		names[i] = r.Name
		versions[r.Version]++
	}
	suffix := results.SharedFlavour(names)
	l := labels{make(map[string]string), make(map[string]string)}
	for _, r := range releases {
		name := sanitize.Line(strings.TrimSuffix(r.Name, suffix))
		version := r.Version.String()
		rest, starts := strings.CutPrefix(name, version)
		starts = starts && (rest == "" || strings.ContainsRune("+-~_", rune(rest[0])))
		switch {
		case starts, r.Version == kernelversion.ReleaseOf(r.Name).Version:
			l.long[r.Name] = name
		default:
			l.long[r.Name] = version + " (" + name + ")"
		}
		l.short[r.Name] = l.long[r.Name]
		// A version that is known from the name alone may hide the point release:
		// 5.10.0-46 is not 5.10.
		if (starts || l.long[r.Name] != name) && version != "" && versions[r.Version] == 1 {
			l.short[r.Name] = version
		}
	}
	return l
}

// of is the short label of a release, which may be one that l does not know.
func (l labels) of(release string) string {
	if s, ok := l.short[release]; ok {
		return s
	}
	return sanitize.Line(release)
}

// full is the long label of a release.
func (l labels) full(release string) string {
	if s, ok := l.long[release]; ok {
		return s
	}
	return sanitize.Line(release)
}

// all are the short labels of releases.
func (l labels) all(releases []string) []string {
	out := make([]string, len(releases))
	for i, r := range releases {
		out[i] = l.of(r)
	}
	return out
}
