package apt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sampleChangelog = `linux-signed-amd64 (6.1.12+2) bookworm-security; urgency=high

  * Sign kernel from linux 6.1.12-2

  * ext4: fix one
    (Closes: #1)

 -- A Person <a@example.org>  Mon, 16 Nov 2026 11:17:40 +0100

linux (6.1.12-1) bookworm-security; urgency=high

  * New upstream stable update:
    - xfs: fix a hole
    - mm: two lines
      of one item

  [ A Person ]
  * Bump ABI

 -- A Person <a@example.org>  Sun, 15 Nov 2026 11:17:40 +0100

linux (6.1.11-1) bookworm; urgency=medium

  * older

 -- A Person <a@example.org>  Sat, 14 Nov 2026 11:17:40 +0100
`

func TestChangesAfter(t *testing.T) {
	got, err := ChangesAfter([]byte(sampleChangelog), "6.1.11-1")
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{"6.1.12+2", []string{"* Sign kernel from linux 6.1.12-2", "* ext4: fix one (Closes: #1)"}},
		{"6.1.12-1", []string{"* New upstream stable update:", "- xfs: fix a hole", "- mm: two lines of one item", "[ A Person ]", "* Bump ABI"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// The whole changelog, if no upload is that old.
	if got, err := ChangesAfter([]byte(sampleChangelog), "5.0-1"); err != nil || len(got) != 3 {
		t.Errorf("%d changes, %v", len(got), err)
	}
	for text, from := range map[string]string{sampleChangelog: "none of a version", "no changelog\n": "1"} {
		if _, err := ChangesAfter([]byte(text), from); err == nil {
			t.Errorf("%q after %q: no error", strings.SplitN(text, "\n", 2)[0], from)
		}
	}
}
