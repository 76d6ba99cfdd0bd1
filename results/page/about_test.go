package page

import (
	"strings"
	"testing"
)

// The report that a test cites is linked by its subject and date, whichever
// text cites it, and the texts of a test are as harmless as any.
func TestAboutLinksWhatItCites(t *testing.T) {
	for _, a := range []About{{Doc: "A hole: the bug report of 2023."}, {Steps: []string{"as in the report of 2023"}}, {Known: []string{"the report of 2023"}}} {
		refs := a.safe().Refs
		if len(refs) != 1 || !strings.Contains(refs[0].Subject, "splice and FALLOC_FL_PUNCH_HOLE") || refs[0].Date != "2023-06-26" || !strings.HasPrefix(refs[0].URL, "https://lore.kernel.org/") {
			t.Errorf("%+v cites %+v", a, refs)
		}
	}
	safe := About{Doc: "a\x1b[31mb", Steps: []string{"c\nd"}}.safe()
	if len(safe.Refs) != 0 || strings.Contains(safe.Doc+safe.Steps[0], "\x1b") || strings.Contains(safe.Steps[0], "\n") {
		t.Errorf("%+v", safe)
	}
}
