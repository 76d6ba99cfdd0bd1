package source

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/kernels"
)

// The directory of a fragment has what it requests of each architecture.
//
//go:embed fragments/*.config fragments/*/*.config
var fragments embed.FS

// Fragments are the names of the lab's own fragments.
func Fragments() []string {
	entries, err := fragments.ReadDir("fragments")
	if err != nil {
		return nil // it is embedded
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		names = append(names, strings.TrimSuffix(e.Name(), ".config"))
	}
	return names
}

const (
	labBase      = "lab"
	kernelPrefix = "kernel:"
	// distribution is merged into a distribution's configuration, which refers to
	// keys and tools that only the distribution's build has.
	distribution = "distribution"
)

// request is a requested option.
type request struct {
	option, value string
	by            string // the fragment, or "options"
	own           bool   // requested by the lab, not by the user
}

// configure creates .config and checks that it has the requested options.
func (p *Prepared) configure(ctx context.Context, strict bool) error {
	wanted, text, err := p.wanted()
	if err != nil {
		return err
	}
	const requested = "requested.config"
	if err := p.writeObject(requested, text); err != nil {
		return err
	}
	switch base := p.Build.Base; {
	case base == "" || base == labBase:
		// Everything off, except what the lab and the user request.
		_, err = p.make(ctx, "-s", "KCONFIG_ALLCONFIG="+filepath.Join(p.obj, requested), "allnoconfig")
	case strings.HasPrefix(base, kernelPrefix):
		var path string
		if p.builder.Config == nil {
			return p.fault("base %s: no kernel sources are configured", base)
		}
		if path, err = p.builder.Config(ctx, p.baseSelector()); err == nil {
			err = p.onFile(ctx, path, text)
		}
	case isTarget(base):
		var made []byte
		if _, err = p.make(ctx, "-s", base); err == nil {
			made, err = p.readObject(".config")
		}
		if err == nil {
			err = p.onTop(ctx, made, text)
		}
	default:
		err = p.onFile(ctx, base, text)
	}
	if err != nil {
		return err
	}
	if p.Config, err = p.readObject(".config"); err != nil {
		return err
	}
	p.Options, p.Warning = kernels.ParseConfig(p.Config), ""
	if !strict {
		return nil
	}
	return p.check(wanted)
}

// isTarget reports whether a base is a target of the kernel's Makefile.
func isTarget(base string) bool {
	return strings.HasSuffix(base, "config") && !strings.ContainsAny(base, "/.")
}

// onFile is onTop of a configuration file.
func (p *Prepared) onFile(ctx context.Context, path string, text []byte) error {
	base, err := os.ReadFile(path)
	if err != nil {
		return p.fault("base: %s", err)
	}
	return p.onTop(ctx, base, text)
}

// onTop appends to a configuration (the last line of an option wins) and runs
// olddefconfig.
func (p *Prepared) onTop(ctx context.Context, base, text []byte) error {
	if err := p.writeObject(".config", slices.Concat(base, []byte("\n"), text)); err != nil {
		return err
	}
	_, err := p.make(ctx, "-s", "olddefconfig")
	return err
}

// wanted collects the requested options: those of the fragments, then Options.
func (p *Prepared) wanted() ([]request, []byte, error) {
	var all []request
	var text bytes.Buffer
	add := func(by string, own bool, content []byte) {
		text.Write(content)
		text.WriteByte('\n')
		for line := range strings.Lines(string(content)) {
			if o, ok := parseRequest(strings.TrimSpace(line)); ok {
				o.by, o.own = by, own
				all = slices.DeleteFunc(all, func(a request) bool { return a.option == o.option })
				all = append(all, o)
			}
		}
	}
	names := p.Build.Fragments
	switch {
	case p.Build.Base == "" || p.Build.Base == labBase:
		names = append([]string{labBase}, names...)
	case strings.HasPrefix(p.Build.Base, kernelPrefix):
		names = append([]string{distribution}, names...)
	}
	for _, name := range names {
		content, err := p.fragment(name)
		own := err == nil
		if errors.Is(err, fs.ErrNotExist) {
			content, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, nil, p.fault("fragment %s: %s; the lab's own are %s", name, err, strings.Join(Fragments(), ", "))
		}
		add(name, own, content)
	}
	// The build's name is part of the release, to distinguish builds.
	add("the build's name", true, fmt.Appendf(nil, "CONFIG_LOCALVERSION=\"-%s\"\n# CONFIG_LOCALVERSION_AUTO is not set\n", p.Build.Name))
	for _, o := range p.Build.Options {
		if name, off := strings.CutSuffix(o, "=n"); off {
			o = "# " + name + " is not set"
		}
		add("options", false, []byte(o))
	}
	return all, text.Bytes(), nil
}

// fragment returns one of the lab's own fragments, with what it requests of this
// architecture.
func (p *Prepared) fragment(name string) ([]byte, error) {
	content, err := fragments.ReadFile("fragments/" + name + ".config")
	if err != nil {
		return nil, err
	}
	more, err := fragments.ReadFile("fragments/" + name + "/" + p.arch.Name + ".config")
	if errors.Is(err, fs.ErrNotExist) {
		return content, nil
	}
	return slices.Concat(content, more), err
}

// baseSelector selects the kernel whose configuration is the base. It is of the
// build's architecture unless it says otherwise.
func (p *Prepared) baseSelector() string {
	selector := strings.TrimPrefix(p.Build.Base, kernelPrefix)
	if p.arch.Native() || strings.Contains(selector, "@") || strings.HasPrefix(selector, "file:") || arch.FlavourOf(selector) != "" {
		return selector
	}
	return selector + "@" + p.arch.Flavours[0]
}

// parseRequest reads "CONFIG_A=y" or "# CONFIG_A is not set", whose value is "".
func parseRequest(line string) (request, bool) {
	if name, ok := strings.CutPrefix(line, "# CONFIG_"); ok {
		name, off := strings.CutSuffix(name, " is not set")
		return request{option: "CONFIG_" + name}, off
	}
	name, value, ok := strings.Cut(line, "=")
	if value == "n" {
		value = ""
	}
	return request{option: name, value: strings.Trim(value, `"`)}, ok && strings.HasPrefix(name, "CONFIG_")
}

// check compares the requested options with the resulting configuration. Missing
// user options are an error; missing options of the lab's own fragments, which
// an older kernel may not have, are a warning.
func (p *Prepared) check(wanted []request) error {
	var missed, own, unknown []string
	for _, a := range wanted {
		got := p.Options[a.option]
		if got == a.value {
			continue
		}
		why, err := p.why(a.option)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%s=%s (%s) did not take, it is %s: %s", a.option, orN(a.value), a.by, orN(got), why)
		switch {
		case a.own && why == noOption:
			unknown = append(unknown, strings.TrimPrefix(a.option, "CONFIG_"))
		case a.own:
			own = append(own, text)
		default:
			missed = append(missed, text)
		}
	}
	if len(unknown) > 0 {
		own = append(own, "this kernel does not have "+strings.Join(unknown, ", ")+" of the lab's own fragments")
	}
	p.Warning = strings.Join(own, "; ")
	if len(missed) > 0 {
		return p.blame(missed[0], fmt.Sprintf("%d options are not as requested:\n%s", len(missed), strings.Join(missed, "\n")))
	}
	return nil
}

func orN(value string) string {
	if value == "" {
		return "n"
	}
	return value
}

// noOption is the reason for an option that Kconfig does not know.
const noOption = "this kernel has no such option"

// why describes an option's dependencies, from the kernel's Kconfig files.
func (p *Prepared) why(option string) (string, error) {
	name := strings.TrimPrefix(option, "CONFIG_")
	var places, depends []string
	silent := false
	err := filepath.WalkDir(p.src, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git", d.IsDir() && p.foreignArch(path):
			return fs.SkipDir
		case d.IsDir() || !strings.HasPrefix(d.Name(), "Kconfig"):
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		on, prompt, found := dependsOn(content, name)
		if !found {
			return nil
		}
		rel, err := filepath.Rel(p.src, path)
		places = append(places, rel)
		depends = append(depends, on...)
		silent = silent || !prompt
		return err
	})
	switch {
	case err != nil:
		return "", err
	case len(places) == 0:
		return noOption, nil
	}
	text := places[0]
	if len(depends) == 0 && silent {
		return text + " has no prompt for it: other options select it", nil
	}
	if len(depends) == 0 {
		return text + " has it; an enclosing menu may be off, or another option selects it", nil
	}
	var now []string
	for _, symbol := range symbols(depends) {
		now = append(now, symbol+"="+orN(p.Options["CONFIG_"+symbol]))
	}
	return fmt.Sprintf("in %s it depends on %s, where %s", text, strings.Join(depends, "; "), strings.Join(now, ", ")), nil
}

// foreignArch skips the Kconfig files of other architectures.
func (p *Prepared) foreignArch(path string) bool {
	rel, err := filepath.Rel(p.src, path)
	return err == nil && filepath.Dir(rel) == "arch" && rel != p.archDir()
}

// dependsOn parses the dependencies of an option from a Kconfig file.
func dependsOn(content []byte, name string) (depends []string, prompt, found bool) {
	in := false
	help := -1 // indentation of the help text; 0: its first line is next
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		switch indent := indentation(lines.Text()); {
		case help == 0:
			help = indent
			continue
		case help > 0 && indent >= help:
			continue
		}
		help = -1
		switch words[0] {
		case "config", "menuconfig":
			in = len(words) == 2 && words[1] == name
			found = found || in
			continue
		case "menu", "endmenu", "if", "endif", "choice", "endchoice", "comment", "source":
			in = false
		case "help", "---help---":
			help = 0
			continue
		}
		if !in {
			continue
		}
		switch words[0] {
		case "depends":
			depends = append(depends, strings.Join(words[2:], " "))
		case "bool", "tristate", "string", "int", "hex", "prompt":
			prompt = prompt || len(words) > 1
		}
	}
	return depends, prompt, found
}

// indentation is a line's indentation in columns, with tabs of eight.
func indentation(line string) int {
	n := 0
	for _, c := range line {
		switch c {
		case ' ':
			n++
		case '\t':
			n += 8 - n%8
		default:
			return n
		}
	}
	return n
}

// symbols returns the options in the expressions, without duplicates.
func symbols(expressions []string) []string {
	var all []string
	for _, e := range expressions {
		for _, w := range strings.FieldsFunc(e, func(r rune) bool { return strings.ContainsRune(" ()&|!=<>\"", r) }) {
			if w != "y" && w != "m" && w != "n" && !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	return all
}
