// Package apt reads archives in Debian's format: the host's apt configuration,
// signed Release files, indexes, packages and their changelogs. Which packages
// are a kernel is known to the packages of the distributions.
package apt

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

// Host is the host's apt configuration.
type Host struct {
	Sources []Source
	// IgnoreValidUntil is Acquire::Check-Valid-Until "false".
	IgnoreValidUntil bool
	// Proxies are Acquire::http::Proxy and Acquire::https::Proxy, by scheme.
	Proxies map[string]string
}

// Source is one line or paragraph of apt's sources.
type Source struct {
	URIs, Suites, Components []string
	SignedBy                 string // files, fingerprints, or an armoured key
}

// ReadHost reads the apt sources below root, and settings, which is the output
// of apt-config. A host without apt has an empty configuration.
func ReadHost(root, settings string) (Host, error) {
	var h Host
	var err error
	h.Sources, err = readSources(filepath.Join(root, "etc/apt"))
	h.settings(settings)
	return h, err
}

// Glob is filepath.Glob for well-formed patterns.
func Glob(pattern string) []string {
	files, _ := filepath.Glob(pattern)
	return files
}

// readSources reads sources.list, sources.list.d/*.list and *.sources.
func readSources(dir string) ([]Source, error) {
	var sources []Source
	lists := append([]string{filepath.Join(dir, "sources.list")}, Glob(filepath.Join(dir, "sources.list.d/*.list"))...)
	for _, path := range lists {
		text, err := readIfAny(path)
		if err != nil {
			return nil, err
		}
		sources = append(sources, parseList(text)...)
	}
	for _, path := range Glob(filepath.Join(dir, "sources.list.d/*.sources")) {
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
func parseList(text []byte) []Source {
	var sources []Source
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		rest, ok := strings.CutPrefix(strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")), "deb ")
		if !ok {
			continue
		}
		var s Source
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "[") {
			options, after, closed := strings.Cut(rest[1:], "]")
			if !closed {
				continue
			}
			for _, option := range strings.Fields(options) {
				if value, ok := strings.CutPrefix(option, "signed-by="); ok {
					s.SignedBy = value
				}
			}
			rest = after
		}
		fields := strings.Fields(rest)
		if len(fields) < 2 {
			continue
		}
		s.URIs, s.Suites, s.Components = fields[:1], fields[1:2], fields[2:]
		sources = append(sources, s)
	}
	return sources
}

// parseDeb822 reads the paragraph format of *.sources.
func parseDeb822(text []byte) ([]Source, error) {
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
	var sources []Source
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
		sources = append(sources, Source{
			URIs:       strings.Fields(field("URIs")),
			Suites:     strings.Fields(field("Suites")),
			Components: strings.Fields(field("Components")),
			SignedBy:   strings.TrimSpace(field("Signed-By")),
		})
	}
	return sources, nil
}

// HostSettings gets the few settings that matter from apt-config, which knows
// syntax and locations of apt.conf. Without apt there are none.
func HostSettings() string {
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
func (h *Host) settings(dump string) {
	h.Proxies = map[string]string{}
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
				h.IgnoreValidUntil = true
			}
		case "acquire::http::proxy":
			h.setProxy("http", value)
		case "acquire::https::proxy":
			h.setProxy("https", value)
		}
	}
}

func (h *Host) setProxy(scheme, address string) {
	if address != "" && !strings.EqualFold(address, "DIRECT") {
		h.Proxies[scheme] = address
	}
}
