package debian

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/kernels/apt"
)

// aptConfig is the host's apt configuration for Debian's archives.
type aptConfig struct {
	mirror         string // URL of the main archive, or empty
	securityMirror string // URL of the security archive, or empty
	// keyrings are files with keys for those archives; keys are armoured keys
	// embedded in the sources.
	keyrings []string
	keys     []string
	apt.Host
}

// readApt reads the apt sources and keyrings below root, and the output of
// apt-config. A host without apt has an empty configuration.
func readApt(root, settings string) (aptConfig, error) {
	host, err := apt.ReadHost(root, settings)
	if err != nil {
		return aptConfig{}, err
	}
	c := aptConfig{Host: host}
	for _, s := range host.Sources {
		c.add(s, root)
	}
	c.keyrings = append(c.keyrings, archiveKeyrings(root)...)
	if len(c.keyrings) == 0 && len(c.keys) == 0 {
		for _, pattern := range []string{"*.gpg", "*.asc"} {
			c.keyrings = append(c.keyrings, apt.Glob(filepath.Join(root, "etc/apt/trusted.gpg.d", pattern))...)
		}
	}
	slices.Sort(c.keyrings)
	c.keyrings = slices.Compact(c.keyrings)
	return c, nil
}

// archiveKeyrings are the files of Debian's keyring package, without those of
// removed keys.
func archiveKeyrings(root string) []string {
	var files []string
	for _, pattern := range []string{"debian-archive-*.gpg", "debian-archive-*.pgp", "debian-archive-*.asc"} {
		files = append(files, apt.Glob(filepath.Join(root, "usr/share/keyrings", pattern))...)
	}
	return slices.DeleteFunc(files, func(path string) bool { return strings.Contains(path, "-removed-") })
}

// add uses the archive of a source, if it is Debian's and the first of its kind.
func (a *aptConfig) add(s apt.Source, root string) {
	if !slices.Contains(s.Components, "main") {
		return
	}
	kind := &a.mirror
	switch {
	case slices.ContainsFunc(s.Suites, func(suite string) bool {
		return isSecurity(strings.TrimSuffix(suite, "/")) || strings.HasSuffix(strings.TrimSuffix(suite, "/"), "/updates")
	}):
		kind = &a.securityMirror
	case !slices.ContainsFunc(s.Suites, isDebianSuite):
		return
	}
	for _, uri := range s.URIs {
		if *kind == "" && (strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://")) {
			*kind = strings.TrimRight(uri, "/")
		}
	}
	if strings.Contains(s.SignedBy, "BEGIN PGP") {
		a.keys = append(a.keys, s.SignedBy)
		return
	}
	for _, path := range strings.FieldsFunc(s.SignedBy, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
		if filepath.IsAbs(path) { // else it is a fingerprint
			a.keyrings = append(a.keyrings, filepath.Join(root, path))
		}
	}
}

// isDebianSuite reports whether a suite in apt's sources is one of Debian's.
func isDebianSuite(suite string) bool {
	base, _, _ := strings.Cut(suite, "-")
	switch base {
	case "buster", "bullseye", "bookworm", "trixie", "forky", "sid", "experimental",
		"oldoldstable", "oldstable", "stable", "testing", "unstable":
		return true
	}
	return false
}
