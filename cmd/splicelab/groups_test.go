package main

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
)

// The help of a verb fits on a screen: few lines of prose, and headings for many
// flags. The rest is in topics and in docs.
func TestHelpIsShort(t *testing.T) {
	root := (&app{Output: output.Output{Stderr: io.Discard}}).command()
	known := map[string]bool{"help": true}
	topics := map[string]bool{}
	var verbs []*cobra.Command
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
		switch {
		case c.IsAdditionalHelpTopicCommand():
			topics[c.Name()] = true
		case c.Name() != "help" && (!c.HasParent() || c.Parent().Name() != "completion"):
			verbs = append(verbs, c)
		}
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(root)
	topic := regexp.MustCompile(`splicelab help ([a-z-]+)`)
	for _, c := range verbs {
		lines := 0
		for line := range strings.Lines(c.Long) {
			if strings.TrimSpace(line) != "" {
				lines++
			}
		}
		if lines > 8 {
			t.Errorf("the help of %s has %d lines of prose, more than 8: move some to topics or docs", c.CommandPath(), lines)
		}
		for _, m := range topic.FindAllStringSubmatch(c.Long, -1) {
			if !topics[m[1]] {
				t.Errorf("the help of %s names the topic %s, which does not exist", c.CommandPath(), m[1])
			}
		}
		text := help(t, c)
		count := 0
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" {
				count++
			}
		})
		if grouped := strings.Contains(text, "\nGeneral:\n"); count > 8 && !grouped || count < 8 && grouped {
			t.Errorf("%s has %d flags, with headings: %t", c.CommandPath(), count, grouped)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !regexp.MustCompile(`(?m)^ +(-\w, )?--`+f.Name+`\b`).MatchString(text) {
				t.Errorf("--%s of %s is not in its help", f.Name, c.CommandPath())
			}
		})
	}
	for _, g := range flagGroups {
		for _, name := range g.Names {
			if !known[name] {
				t.Errorf("--%s is in the group %s, but no verb has it", name, g.Title)
			}
		}
	}
}
