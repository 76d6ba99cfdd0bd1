package page

import (
	"crypto/sha256"
	_ "embed" // the frame of the page
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

//go:embed shell.html
var shellText string

var shellTemplate = template.Must(template.New("shell").Parse(shellText))

// LivePolicy is the Content-Security-Policy of a page that a server delivers.
// Trusted Types keep scripts from turning text into markup.
const LivePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'"

// plainRows is how many cells a report lists for readers without JavaScript.
const plainRows = 500

// shell is the page before its documents and its script.
type shell struct {
	Title  string
	Policy string
	Live   bool
	Style  template.CSS
	Plain  *plain // nil for a live page
}

// plain is what a report shows without JavaScript.
type plain struct {
	Run      Run
	Verdicts []verdictCount
	Missing  int
	Rows     []results.Cell
	LeftOut  int
}

type verdictCount struct {
	Name outcome.Verdict
	N    int
}

// Live is the page that a server delivers. It loads app.css and app.js, which
// are Style(true) and Script(true), and the documents below api/ that source.js
// requests.
func Live() string {
	var b strings.Builder
	// frame-ancestors is ignored in a meta element: the server's header has it.
	policy, _, _ := strings.Cut(LivePolicy, "; frame-ancestors")
	// The template and its data are constant: it cannot fail.
	_ = shellTemplate.Execute(&b, shell{Title: "splicelab", Policy: policy, Live: true})
	b.WriteString("<script src=\"app.js\"></script>\n</body>\n</html>\n")
	return b.String()
}

// writeHead writes a report up to its first document. Only script may run in
// it.
func writeHead(w io.Writer, run Run, cells []results.Cell, script string) error {
	style := Style(false)
	return shellTemplate.Execute(w, shell{
		Title:  "Run " + run.ID + " · splicelab",
		Policy: "default-src 'none'; script-src " + digest(script) + "; style-src " + digest(style) + "; img-src data:; base-uri 'none'; form-action 'none'",
		Style:  template.CSS(style), //nolint:gosec // our own file
		Plain:  newPlain(run, cells),
	})
}

func newPlain(run Run, cells []results.Cell) *plain {
	p := &plain{Run: run, Missing: max(0, run.Planned-len(cells))}
	for _, v := range outcome.Verdicts {
		if n := run.Tally.Verdicts[v]; n > 0 {
			p.Verdicts = append(p.Verdicts, verdictCount{v, n})
		}
	}
	for i := range cells {
		c := cells[i]
		if !remarkable(&c) {
			continue
		}
		if len(p.Rows) == plainRows {
			p.LeftOut++
			continue
		}
		c.Attempt = results.SafeAttempt(c.Attempt)
		p.Rows = append(p.Rows, c)
	}
	return p
}

// remarkable reports whether a cell failed, is flaky or is otherwise unexpected.
func remarkable(c *results.Cell) bool {
	return c.Bad() || c.Flaky != "" || c.Infra > 0 || c.Expected == results.XPass
}

// digest is the hash source of a script or style in a Content-Security-Policy.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
