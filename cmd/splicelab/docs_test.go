package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/lab/report"
)

// docPages are the pages whose commands and links are checked.
func docPages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages in docs: %v", err)
	}
	return append(pages, "../../README.md")
}

// TestDocumentedCommands parses, without executing, every splicelab command
// line of README.md and docs/*.md, so that a verb or a flag that is renamed
// cannot stay behind in the documentation. Command lines in code blocks must
// also have the right number of arguments; those in running text may be
// abbreviated.
func TestDocumentedCommands(t *testing.T) {
	parsed := 0
	for _, page := range docPages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range documentedCommands(string(text)) {
			parsed++
			if err := parseCommand(c.words, c.block); err != nil {
				t.Errorf("%s:%d: %s: %v", filepath.Base(page), c.line, strings.Join(c.words, " "), err)
			}
		}
	}
	if parsed < 100 {
		t.Errorf("only %d command lines were found: is the extraction broken?", parsed)
	}
}

func TestDocumentedCommandsAreFoundAndRefused(t *testing.T) {
	page := "Use `splicelab run -k 6.12` or `splicelab nothing`.\n" +
		"```\nsplicelab run --kernel 6.12   # a comment\nCGO_ENABLED=0 go test -exec \"splicelab exec -k 6.12\" ./...\n```\n" +
		"```console\n$ splicelab results show 'a b' | head\nsplicelab: an output line\n```\n" +
		"```\n  splicelab run -k 6.12 \\\n    -f xfs\n```\n"
	var got []string
	for _, c := range documentedCommands(page) {
		got = append(got, fmt.Sprintf("%d %q %t", c.line, c.words, parseCommand(c.words, c.block) == nil))
	}
	want := []string{
		`1 ["splicelab" "run" "-k" "6.12"] true`,
		`1 ["splicelab" "nothing"] false`,
		`3 ["splicelab" "run" "--kernel" "6.12"] false`,
		`4 ["splicelab" "exec" "-k" "6.12" "pkg.test"] true`,
		`7 ["splicelab" "results" "show" "a b"] true`,
		`12 ["splicelab" "run" "-k" "6.12" "-f" "xfs"] true`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestDocumentedLinks follows every relative link of the pages, to its file
// and, in Markdown, to its heading.
func TestDocumentedLinks(t *testing.T) {
	link := regexp.MustCompile(`(!?)\[[^\]]*\]\(([^)\s]+)\)`)
	for _, page := range docPages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target := m[2]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			name, anchor, _ := strings.Cut(target, "#")
			file := page
			if name != "" {
				file = filepath.Join(filepath.Dir(page), name)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: link to %s: %v", filepath.Base(page), target, err)
				continue
			}
			if anchor != "" && !headings(t, file)[anchor] {
				t.Errorf("%s: link to %s: no such heading", filepath.Base(page), target)
			}
		}
	}
}

// TestReportFiles loads every file of reports/, which the pages name as
// examples.
func TestReportFiles(t *testing.T) {
	files, err := filepath.Glob("../../reports/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in reports: %v", err)
	}
	for _, f := range files {
		if _, err := report.Load(f); err != nil {
			t.Error(err)
		}
	}
}

// headings are the anchors of a Markdown file as GitHub and GitLab form them.
func headings(t *testing.T, file string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			title = drop.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			anchors[strings.ReplaceAll(title, " ", "-")] = true
		}
	}
	return anchors
}

// documentedCommand is one splicelab command line of a page.
type documentedCommand struct {
	line  int
	words []string
	block bool // from a code block, not from running text
}

var (
	inlineCommand = regexp.MustCompile("`((?:bin/)?splicelab [^`]*)`")
	execCommand   = regexp.MustCompile(`-exec "(splicelab [^"]*)"|-exec '(splicelab [^']*)'`)
	shellCommand  = regexp.MustCompile(`^(?:[A-Z_]+=\S+ )*((?:bin/)?splicelab .*)$`)
)

// documentedCommands finds the command lines of a page: in code blocks, where
// a console block has them behind "$ ", and in code spans.
func documentedCommands(page string) []documentedCommand {
	var found []documentedCommand
	fence, begun := "", "" // a command that the next line continues
	n := 0
	for line := range strings.Lines(page) {
		n++
		line = strings.TrimRight(line, "\n")
		if part, more := strings.CutSuffix(line, "\\"); more && fence != "" {
			begun += part
			continue
		}
		line, begun = begun+line, ""
		if info, ok := strings.CutPrefix(strings.TrimSpace(line), "```"); ok {
			switch {
			case fence != "":
				fence = ""
			case info == "":
				fence = "plain"
			default:
				fence = info
			}
			continue
		}
		add := func(command string, block bool) {
			words := shellWords(command)
			words[0] = "splicelab"
			found = append(found, documentedCommand{n, words, block})
		}
		if fence == "" {
			for _, m := range inlineCommand.FindAllStringSubmatch(line, -1) {
				add(m[1], false)
			}
			continue
		}
		command := strings.TrimSpace(line)
		if fence == "console" {
			var ok bool
			if command, ok = strings.CutPrefix(command, "$ "); !ok {
				continue
			}
		} else if command = strings.TrimPrefix(command, "$ "); strings.HasPrefix(command, "splicelab: ") {
			continue
		}
		if m := execCommand.FindStringSubmatch(command); m != nil {
			add(m[1]+m[2]+" pkg.test", true) // go test appends the test binary
		} else if m := shellCommand.FindStringSubmatch(command); m != nil {
			add(m[1], true)
		}
	}
	return found
}

// shellWords splits a command line as a shell does, up to a comment, a pipe,
// a redirection or a second command.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	started, quote := false, rune(0)
	flush := func() {
		if started {
			words = append(words, word.String())
		}
		word.Reset()
		started = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, started = r, true
		case r == ' ' || r == '\t':
			flush()
		case strings.ContainsRune("|>&;", r), r == '#' && !started:
			if r == '>' && strings.Trim(word.String(), "012") == "" {
				started = false // the number of a redirected descriptor
			}
			flush()
			return words
		default:
			word.WriteRune(r)
			started = true
		}
	}
	flush()
	return words
}

// parseCommand parses words as execute would, and stops before running.
func parseCommand(words []string, complete bool) error {
	a := &app{Output: output.Output{Stderr: &bytes.Buffer{}}}
	root := a.command()
	cmd, rest, err := root.Find(words[1:])
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	args := cmd.Flags().Args()
	if cmd.HasAvailableSubCommands() && len(args) > 0 || complete {
		return validate(cmd, args)
	}
	return nil
}

func validate(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && args[0] == "…" {
		return nil
	}
	return cmd.ValidateArgs(args)
}
