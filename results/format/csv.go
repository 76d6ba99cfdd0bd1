package format

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// csvColumns are the columns, named as in the JSON document. Columns are
// appended, never moved.
var csvColumns = []string{"run", "kernel", "fs", "test", "verdict", "outcome", "kind", "standing", "why", "detail",
	"duration_ms", "attempts", "infra", "flaky", "finished", "covariates", "class", "arch", "flavour", "page_size"}

// WriteCSV writes a line for each cell (RFC 4180). Covariates are one JSON
// object. Text that a spreadsheet would evaluate as a formula is prefixed with
// an apostrophe.
func WriteCSV(w io.Writer, d Document) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(csvColumns); err != nil {
		return err
	}
	for i := range d.Cells {
		c := &d.Cells[i]
		cleaned := make(map[string]string, len(c.Covariates))
		for name, value := range c.Covariates {
			cleaned[sanitize.Line(name)] = sanitize.Line(value)
		}
		covariates, err := json.Marshal(cleaned)
		if err != nil {
			return err
		}
		line := []string{d.Run.ID, c.Kernel, c.FS, c.Test, string(c.Verdict), string(c.Outcome), string(c.Kind), string(c.Expected), c.Why,
			c.Detail, strconv.FormatInt(c.Duration.Milliseconds(), 10), strconv.Itoa(c.Attempts), strconv.Itoa(c.Infra), c.Flaky,
			rfc3339(c.Finished)}
		for j := range line {
			line[j] = noFormula(sanitize.Line(line[j]))
		}
		// An object may be longer than sanitize.Line allows, and starts with "{".
		of := c.Release().Platform
		if err := out.Write(append(line, string(covariates), string(c.Class()),
			noFormula(sanitize.Line(of.Arch)), noFormula(sanitize.Line(of.Flavour)), strconv.Itoa(of.PageSize))); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// noFormula quotes text that a spreadsheet would evaluate. Some treat
// full-width characters like the ASCII ones.
func noFormula(s string) string {
	if strings.HasPrefix(s, "=") || strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") || strings.HasPrefix(s, "@") ||
		strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠") {
		return "'" + s
	}
	return s
}
