package terminal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/palette"
)

const (
	defaultTop = 10 // violations
	maxNames   = 6  // kernels or filesystems of one violation
)

// writeViolations writes what every policy forbids, the most frequent first: since
// which kernel it is there, where, and how it is reproduced.
func writeViolations(b *bytes.Buffer, r results.Run, cells []results.Cell, names results.Labels, o Options) {
	if len(cells) == 0 {
		return
	}
	news := findings.Violations(r, cells)
	expected := 0
	news = slices.DeleteFunc(news, func(v findings.Violation) bool {
		if v.Expected == v.Cells {
			expected++
		}
		return v.Expected == v.Cells
	})
	b.WriteByte('\n')
	also := ""
	if expected > 0 {
		also = fmt.Sprintf(" (%d expected: XFAIL)", expected)
	}
	if len(news) == 0 {
		b.WriteString("no violations" + also + "\n")
		return
	}
	total := 0
	for _, v := range news {
		total += v.Cells
	}
	b.WriteString(paint(o.Color, classColour(outcome.Violates), fmt.Sprintf("Violations: %d in %s", len(news), plural(total, "cell"))) + also + "\n")
	shown := news
	switch {
	case o.Top == 0:
		shown = news[:min(len(news), defaultTop)]
	case o.Top > 0:
		shown = news[:min(len(news), o.Top)]
	}
	kernels := results.Releases(cells)
	_, filesystems, _ := results.Axes(cells)
	for _, v := range shown {
		writeViolation(b, v, kernels, len(filesystems), names, o)
	}
	if more := len(news) - len(shown); more > 0 {
		writeCommand(b, "  ", fmt.Sprintf("%d more: splicelab results matrix %s --top 0", more, sanitize.Line(r.ID)), o.Width)
	}
}

func writeViolation(b *bytes.Buffer, v findings.Violation, all []results.Kernel, filesystems int, names results.Labels, o Options) {
	letter, colour := v.Outcome.Letter(), palette.Verdict(v.Verdict)
	if hue, ok := palette.Outcome(v.Outcome); ok && v.Verdict == outcome.Fail {
		colour = hue
	} else {
		letter = results.VerdictMark(v.Verdict)
	}
	count := plural(v.Cells, "cell")
	if v.Expected > 0 {
		count += fmt.Sprintf(", %d of them XFAIL", v.Expected)
	}
	fs := make([]string, len(v.Filesystems))
	for i, f := range v.Filesystems {
		fs[i] = cut(sanitize.Line(f), maxWord)
	}
	on := listed(fs, " … ")
	if len(fs) > 2 && len(fs) == filesystems {
		on = fmt.Sprintf("all %d filesystems", len(fs))
	}
	where := "(" + on + ", " + count + ")"
	title := sanitize.Line(v.Title)
	if v.Verdict != outcome.Fail && v.Title != string(v.Verdict) {
		title = string(v.Verdict) + ": " + title
	}
	test := sanitize.Line(v.Test)
	head := pad(paint(o.Color, colour.SGR, letter), 2) + " "
	if one := head + test + ": " + title + " " + where; visible(one) <= o.Width {
		b.WriteString(one + "\n")
	} else {
		writeWrapped(b, head, []string{test, where}, " ", o.Width)
		b.WriteString("   " + cut(title, o.Width-3) + "\n")
	}
	text := since(v, all, names)
	if n := len(v.Kernels); n > 1 && n < len(all) {
		text += ": " + listed(names.All(v.Kernels), " to ")
	}
	writeWords(b, "   ", text, o.Width)
	writeCommand(b, "   ", v.Command, o.Width)
}

// since says which is the first kernel that has a violation, of each flavour and as
// far as the run tells.
func since(v findings.Violation, all []results.Kernel, names results.Labels) string {
	if len(v.Kernels) == len(all) && len(all) > 1 && !slices.ContainsFunc(v.Flavours, func(f findings.Beginning) bool { return f.Before != "" }) {
		return "on every kernel of the run"
	}
	var parts []string
	for _, f := range v.Flavours {
		i := slices.IndexFunc(all, func(k results.Kernel) bool { return k.Name == f.Since })
		oldest := !slices.ContainsFunc(all[:i], func(k results.Kernel) bool { return k.SameFlavour(all[i]) })
		switch {
		case f.Before != "":
			parts = append(parts, fmt.Sprintf("%s (%s has not)", names.Of(f.Since), names.Of(f.Before)))
		case oldest:
			parts = append(parts, names.Of(f.Since)+" or earlier")
		default:
			parts = append(parts, names.Of(f.Since)+" (no result on older ones)")
		}
	}
	return "since " + strings.Join(parts, ", ")
}

// listed joins names, but only the first and the last of many.
func listed(names []string, to string) string {
	if len(names) <= maxNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s%s%s (%d)", names[0], to, names[len(names)-1], len(names))
}
