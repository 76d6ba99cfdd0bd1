package results

import (
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/internal/sanitize"
)

// Labels are the names of kernels in headings and lists. The upstream version
// comes first, because that of a package is another one: Debian's 5.10.0-46 is
// 5.10.262. What all kernels of a run share, such as "-cloud-amd64", is left out.
type Labels struct {
	Short map[string]string // release → "5.10.262", distinct within the run
	Long  map[string]string // release → "5.10.262 (5.10.0-46)", "6.12.118+deb13"
	names map[string]string // release → "5.10.0-46", "6.12.118+deb13"
}

// NewLabels are the labels of the kernels of a run.
func NewLabels(releases []kernelversion.Release) Labels {
	names, versions := make([]string, len(releases)), make(map[kernelversion.Version]int)
	for i, r := range releases {
		names[i] = r.Name
		versions[r.Version]++
	}
	suffix := SharedFlavour(names)
	l := Labels{make(map[string]string), make(map[string]string), make(map[string]string)}
	for _, r := range releases {
		name := sanitize.Line(strings.TrimSuffix(r.Name, suffix))
		version := r.Version.String()
		rest, starts := strings.CutPrefix(name, version)
		starts = starts && (rest == "" || strings.ContainsRune("+-~_", rune(rest[0])))
		switch {
		case starts, r.Version == kernelversion.ReleaseOf(r.Name).Version:
			l.Long[r.Name] = name
		default:
			l.Long[r.Name] = version + " (" + name + ")"
		}
		l.Short[r.Name], l.names[r.Name] = l.Long[r.Name], name
		// A version that is known from the name alone may hide the point release:
		// 5.10.0-46 is not 5.10.
		if (starts || l.Long[r.Name] != name) && version != "" && versions[r.Version] == 1 {
			l.Short[r.Name] = version
		}
	}
	return l
}

// Of is the short label of a release, which may be one that l does not know.
func (l Labels) Of(release string) string { return labelIn(l.Short, release) }

// Full is the long label of a release.
func (l Labels) Full(release string) string { return labelIn(l.Long, release) }

// Package is what the short label of a release leaves out: the name of its
// package. It is empty if the label has it.
func (l Labels) Package(release string) string {
	if name := labelIn(l.names, release); !strings.Contains(l.Of(release), name) {
		return name
	}
	return ""
}

// All are the short labels of releases.
func (l Labels) All(releases []string) []string {
	out := make([]string, len(releases))
	for i, r := range releases {
		out[i] = l.Of(r)
	}
	return out
}

func labelIn(labels map[string]string, release string) string {
	if s, ok := labels[release]; ok {
		return s
	}
	return sanitize.Line(release)
}
