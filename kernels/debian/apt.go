package debian

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pault.ag/go/debian/control"
)

// aptConfig is the host's apt configuration for Debian's archives.
type aptConfig struct {
	mirror         string // URL of the main archive, or empty
	securityMirror string // URL of the security archive, or empty
	// keyrings are files with keys for those archives; keys are armoured keys
	// embedded in the sources.
	keyrings []string
	keys     []string
	// ignoreValidUntil is apt's Acquire::Check-Valid-Until "false".
	ignoreValidUntil bool
	// proxies are Acquire::http::Proxy and Acquire::https::Proxy, by scheme.
	proxies map[string]string
}

// aptSource is one line or paragraph of apt's sources.
type aptSource struct {
	uris, suites, components []string
	signedBy                 string
}

// readApt reads the apt sources and keyrings below root, and the output of
// apt-config. A host without apt has an empty configuration.
func readApt(root, settings string) (aptConfig, error) {
	sources, err := readSources(filepath.Join(root, "etc/apt"))
	if err != nil {
		return aptConfig{}, err
	}
	var apt aptConfig
	for _, s := range sources {
		apt.add(s, root)
	}
	apt.keyrings = append(apt.keyrings, archiveKeyrings(root)...)
	if len(apt.keyrings) == 0 && len(apt.keys) == 0 {
		for _, pattern := range []string{"*.gpg", "*.asc"} {
			apt.keyrings = append(apt.keyrings, glob(filepath.Join(root, "etc/apt/trusted.gpg.d", pattern))...)
		}
	}
	slices.Sort(apt.keyrings)
	apt.keyrings = slices.Compact(apt.keyrings)
	apt.settings(settings)
	return apt, nil
}

// archiveKeyrings are the files of Debian's keyring package, without those of
// removed keys.
func archiveKeyrings(root string) []string {
	var files []string
	for _, pattern := range []string{"debian-archive-*.gpg", "debian-archive-*.pgp", "debian-archive-*.asc"} {
		files = append(files, glob(filepath.Join(root, "usr/share/keyrings", pattern))...)
	}
	return slices.DeleteFunc(files, func(path string) bool { return strings.Contains(path, "-removed-") })
}

// glob is filepath.Glob for well-formed patterns.
func glob(pattern string) []string {
	files, _ := filepath.Glob(pattern)
	return files
}

// add uses the archive of a source, if it is Debian's and the first of its kind.
func (a *aptConfig) add(s aptSource, root string) {
	if !slices.Contains(s.components, "main") {
		return
	}
	kind := &a.mirror
	switch {
	case slices.ContainsFunc(s.suites, func(suite string) bool {
		return isSecurity(strings.TrimSuffix(suite, "/")) || strings.HasSuffix(strings.TrimSuffix(suite, "/"), "/updates")
	}):
		kind = &a.securityMirror
	case !slices.ContainsFunc(s.suites, isDebianSuite):
		return
	}
	for _, uri := range s.uris {
		if *kind == "" && (strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://")) {
			*kind = strings.TrimRight(uri, "/")
		}
	}
	if strings.Contains(s.signedBy, "BEGIN PGP") {
		a.keys = append(a.keys, s.signedBy)
		return
	}
	for _, path := range strings.FieldsFunc(s.signedBy, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
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

// readSources reads sources.list, sources.list.d/*.list and *.sources.
func readSources(dir string) ([]aptSource, error) {
	var sources []aptSource
	lists := append([]string{filepath.Join(dir, "sources.list")}, glob(filepath.Join(dir, "sources.list.d/*.list"))...)
	for _, path := range lists {
		text, err := readIfAny(path)
		if err != nil {
			return nil, err
		}
		sources = append(sources, parseList(text)...)
	}
	for _, path := range glob(filepath.Join(dir, "sources.list.d/*.sources")) {
		text, err := readIfAny(path)
		if err != nil {
			return nil, err
		}
		found, err := parseDeb822(text)
		if err != nil {
			return nil, fmt.Errorf("apt sources %s: %w", path, err)
		}
		sources = append(sources, found...)
	}
	return sources, nil
}

// readIfAny reads a file of the apt configuration. A missing one, or one that
// only root may read (it may contain passwords), is empty.
func readIfAny(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	return text, err
}

// parseList reads the one-line format: deb [option=value …] uri suite component….
// Lines that apt rejects are skipped.
func parseList(text []byte) []aptSource {
	var sources []aptSource
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		rest, ok := strings.CutPrefix(strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")), "deb ")
		if !ok {
			continue
		}
		var s aptSource
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "[") {
			options, after, closed := strings.Cut(rest[1:], "]")
			if !closed {
				continue
			}
			for _, option := range strings.Fields(options) {
				if value, ok := strings.CutPrefix(option, "signed-by="); ok {
					s.signedBy = value
				}
			}
			rest = after
		}
		fields := strings.Fields(rest)
		if len(fields) < 2 {
			continue
		}
		s.uris, s.suites, s.components = fields[:1], fields[1:2], fields[2:]
		sources = append(sources, s)
	}
	return sources
}

// parseDeb822 reads the paragraph format of *.sources.
func parseDeb822(text []byte) ([]aptSource, error) {
	var plain bytes.Buffer
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("#")) { // comments are allowed within a paragraph
			plain.Write(line)
		}
	}
	reader, err := control.NewParagraphReader(&plain, nil)
	if err != nil {
		return nil, err
	}
	paragraphs, err := reader.All()
	if err != nil {
		return nil, err
	}
	var sources []aptSource
	for _, p := range paragraphs {
		field := func(name string) string {
			for key, value := range p.Values {
				if strings.EqualFold(key, name) {
					return value
				}
			}
			return ""
		}
		if strings.EqualFold(strings.TrimSpace(field("Enabled")), "no") || !slices.Contains(strings.Fields(field("Types")), "deb") {
			continue
		}
		sources = append(sources, aptSource{
			uris:       strings.Fields(field("URIs")),
			suites:     strings.Fields(field("Suites")),
			components: strings.Fields(field("Components")),
			signedBy:   strings.TrimSpace(field("Signed-By")),
		})
	}
	return sources, nil
}

// aptSettings gets the few settings that matter from apt-config, which knows
// syntax and locations of apt.conf. Without apt there are none.
func aptSettings() string {
	// It reads a few small files; a timeout counts as no settings.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	text, err := exec.CommandContext(ctx, "apt-config", "dump",
		"Acquire::Check-Valid-Until", "Acquire::http::Proxy", "Acquire::https::Proxy").Output()
	if err != nil {
		return ""
	}
	return string(text)
}

// settings parses the output of apt-config: one setting per line, its name
// and its value in quotes.
func (a *aptConfig) settings(dump string) {
	a.proxies = map[string]string{}
	for line := range strings.Lines(dump) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		value = strings.Trim(strings.TrimSuffix(value, ";"), `"`)
		switch strings.ToLower(name) {
		case "acquire::check-valid-until":
			switch strings.ToLower(value) {
			case "false", "no", "0", "off", "without", "disable":
				a.ignoreValidUntil = true
			}
		case "acquire::http::proxy":
			a.setProxy("http", value)
		case "acquire::https::proxy":
			a.setProxy("https", value)
		}
	}
}

func (a *aptConfig) setProxy(scheme, address string) {
	if address != "" && !strings.EqualFold(address, "DIRECT") {
		a.proxies[scheme] = address
	}
}
