package format

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format/doc"
)

func TestCSV(t *testing.T) {
	d := sample()
	m := newRunBuilder("formulas")
	m.d.Cells = nil
	for i, formula := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "＝1", "a,\"b\""} {
		m.cell(results.CellKey{Kernel: "6.1", FS: "xfs", Test: formula + fmt.Sprint(i)}, results.Attempt{Verdict: outcome.Fail, Detail: formula})
	}
	many := newRunBuilder("many")
	covariates := map[string]string{}
	for i := range results.MaxCovariates {
		covariates[fmt.Sprint("c", i)] = strings.Repeat("v", 1000)
	}
	many.cell(results.CellKey{Kernel: "6.1", FS: "xfs", Test: "t"}, results.Attempt{Verdict: outcome.Pass, Covariates: covariates})
	for name, d := range map[string]Document{"sample": d, "formulas": m.d, "hostile": hostileRun(), "many covariates": many.d} {
		content := documents(t, d)["csv"]
		lines, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
		must(t, err)
		if len(lines) != len(d.Cells)+1 || strings.Join(lines[0], ",") != "run,kernel,fs,test,verdict,outcome,kind,standing,why,detail,duration_ms,attempts,infra,flaky,finished,covariates,class,arch,flavour,page_size" {
			t.Errorf("%s: %d lines, of which the first is %q", name, len(lines), lines[0])
		}
		if n := bytes.Count(content, []byte("\r\n")); n != len(lines) {
			t.Errorf("%s: %d lines end with CR LF", name, n)
		}
		for _, line := range lines {
			for _, cell := range line {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("%s: %q is a formula", name, cell)
				}
			}
			if !json.Valid([]byte(line[15])) && line[0] != "run" {
				t.Errorf("%s: covariates %q", name, line[15])
			}
		}
	}
	if lines, _ := csv.NewReader(bytes.NewReader(documents(t, m.d)["csv"])).ReadAll(); lines[1][9] != "'=1+1" || lines[6][9] != `a,"b"` {
		t.Errorf("%q", lines)
	}
}

// Outside of code spans and blocks there is no guest text.
func TestMarkdownLeavesGuestsInCode(t *testing.T) {
	m := newRunBuilder("r")
	attack := []string{"`", "``", "a`b``c```d", "|", "\\|", "\\`|", "`|`", "@everyone", "#12", "![x](http://x)", "<img src=x>", "</details>", "*x*", "http://evil.example",
		"\\", "a\\", "`@x`", "````", "&lt;", "$`x`$"}
	for i, text := range attack {
		a := results.Attempt{Verdict: outcome.Fail, Outcome: outcome.Outcome(text), Detail: text,
			Output: "```\n" + text + "\n~~~\n</details>\n  ```\n    ```\n````\n@everyone\n"}
		c := m.cell(results.CellKey{Kernel: "6.1 " + text, FS: "fs " + text, Test: fmt.Sprintf("t%d ", i) + text}, a)
		c.Why, c.Expected = text, results.XPass
	}
	m.d.Run.ID, m.d.Run.Problem, m.d.Run.Accel, m.d.Run.Policy = "@everyone", "@everyone `", "@everyone", "@everyone"
	fence, rows, bars := "", 0, 0
	for line := range strings.Lines(string(documents(t, m.d)["markdown"])) {
		line = strings.TrimSuffix(line, "\n")
		if fence != "" { // in a code block, up to its fence
			if !strings.HasPrefix(line, "  ") {
				t.Errorf("%q leaves its item", line)
			}
			if strings.TrimSpace(line) == fence {
				fence = ""
			} else if strings.HasPrefix(strings.TrimSpace(line), fence) && strings.Trim(strings.TrimSpace(line), "`") == "" {
				t.Errorf("%q ends the block of %q", line, fence)
			}
			continue
		}
		if mark, ok := strings.CutSuffix(line, "text"); ok && strings.Trim(mark, " `") == "" {
			fence = strings.TrimSpace(mark)
			continue
		}
		if inner, ok := strings.CutPrefix(line, "<summary>"); ok {
			if strings.ContainsAny(regexp.MustCompile(`</?(code|summary)>|&[a-z0-9#]+;`).ReplaceAllString(inner, ""), "<>&\"'") {
				t.Errorf("%q has markup", line)
			}
			continue
		}
		// A table's columns are split before code spans are parsed.
		if strings.HasPrefix(line, "|") {
			rows++
			n := strings.Count(line, "|")
			if bars != 0 && n != bars {
				t.Errorf("%d bars in %q, %d in the table's head", n, line, bars)
			}
			bars = n
		} else {
			bars = 0
		}
		rest := withoutSpans(line)
		if strings.ContainsAny(rest, "@#<>\\$&") && !strings.HasPrefix(line, "# splicelab") && !strings.HasPrefix(line, "## ") && rest != "<details>" && rest != "</details>" ||
			strings.Contains(rest, "http") || strings.Contains(rest, "`") {
			t.Errorf("%q is outside of code in %q", rest, line)
		}
	}
	if rows == 0 {
		t.Error("there are no table rows")
	}
}

// withoutSpans removes the code spans from a line as CommonMark defines them:
// from a run of backticks to the next one of the same length.
func withoutSpans(line string) string {
	var out strings.Builder
	for line != "" {
		if line[0] != '`' {
			out.WriteByte(line[0])
			line = line[1:]
			continue
		}
		n := len(line) - len(strings.TrimLeft(line, "`"))
		rest, closed := line[n:], false
		for at := 0; at < len(rest); {
			if rest[at] != '`' {
				at++
				continue
			}
			m := len(rest[at:]) - len(strings.TrimLeft(rest[at:], "`"))
			if m == n {
				rest, closed = rest[at+m:], true
				break
			}
			at += m
		}
		if !closed {
			out.WriteString(line[:n])
		}
		line = rest
	}
	return out.String()
}

// JUnit bounds the output, and reports what is omitted.
func TestTextsAreBounded(t *testing.T) {
	m := newRunBuilder("large")
	for i := range 400 {
		v := outcome.Pass
		if i%2 == 0 {
			v = outcome.Fail
		}
		m.cell(results.CellKey{Kernel: "6.1", FS: "xfs", Test: fmt.Sprint("s.Test", i)}, results.Attempt{Verdict: v, Output: strings.Repeat("o", results.MaxText), Console: strings.Repeat("c", results.MaxText)})
	}
	content := documents(t, m.d)["junit"]
	if len(content) > doc.MaxTexts+1<<20 {
		t.Errorf("%d bytes", len(content))
	}
	var got junitSuites
	must(t, xml.Unmarshal(content, &got))
	for _, c := range got.Suites[0].Cases[:100] {
		if strings.Contains(c.Out.Text, "oooo") != (c.Failure != nil) {
			t.Fatalf("%s: failures come first, with their text", c.Name)
		}
		if c.Failure == nil && !strings.Contains(c.Out.Text, "output omitted") {
			t.Fatalf("%s does not report its omitted text", c.Name)
		}
	}
}

func TestTest2JSON(t *testing.T) {
	for name, d := range map[string]Document{"sample": sample(), "hostile": hostileRun()} {
		type state struct{ packageEnd, open map[string]string }
		s := state{map[string]string{}, map[string]string{}}
		ends := map[string]int{}
		for line := range bytes.Lines(documents(t, d)["test2json"]) {
			var ev test2jsonEvent
			must(t, json.Unmarshal(line, &ev))
			if ev.Package == "" || s.packageEnd[ev.Package] != "" {
				t.Fatalf("%s: %s: without a package, or after its end", name, line)
			}
			key := ev.Package + " " + ev.Test
			parent, _, isSub := strings.Cut(ev.Test, "/")
			switch {
			case ev.Action == "run":
				if s.open[key] != "" || isSub && s.open[ev.Package+" "+parent] == "" {
					t.Errorf("%s: %s: runs twice, or outside of its test", name, line)
				}
				s.open[key] = "open"
			case ev.Action == "pass", ev.Action == "fail", ev.Action == "skip":
				if ev.Elapsed == nil {
					t.Errorf("%s: %s has no Elapsed", name, line)
				}
				if ev.Test == "" {
					s.packageEnd[ev.Package] = ev.Action
				} else if s.open[key] == "" {
					t.Errorf("%s: %s: has not started", name, line)
				}
				delete(s.open, key)
				ends[ev.Action]++
			case ev.Test != "" && s.open[key] == "":
				t.Errorf("%s: %s: outside of its test", name, line)
			case ev.Action == "output" && ev.Test != "" && !strings.HasPrefix(ev.Output, "    ") && !strings.HasPrefix(ev.Output, "=== RUN   "+ev.Test+"\n") &&
				!strings.HasPrefix(ev.Output, "--- "):
				t.Errorf("%s: %q could be one of go test's own lines", name, ev.Output)
			}
		}
		if len(s.open) != 0 || len(s.packageEnd) != len(results.Groups(d.Cells)) || ends["fail"] == 0 {
			t.Errorf("%s: open %v, packages %v", name, s.open, s.packageEnd)
		}
	}
}
