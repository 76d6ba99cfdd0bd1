package main

import (
	"embed"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
)

// topicTexts are the pages of "splicelab help TOPIC": a line that says what it is
// about, the text, and examples. A verb's own help has at most eight lines.
//
//go:embed topics/*.txt
var topicTexts embed.FS

// topics are the pages of help that are not about one verb.
func topics() []*cobra.Command {
	var all []*cobra.Command
	entries, _ := topicTexts.ReadDir("topics") // embedded
	for _, e := range entries {
		content, _ := topicTexts.ReadFile(path.Join("topics", e.Name())) // likewise
		short, rest, _ := strings.Cut(string(content), "\n\n")
		long, examples, _ := strings.Cut(rest, "\n\nExamples:\n")
		all = append(all, cli.Topic(strings.TrimSuffix(e.Name(), ".txt"), short, long, strings.TrimSuffix(examples, "\n")))
	}
	return all
}
