package page

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxWrong is how many places with wrong bytes a cell's document names.
const maxWrong = 8

var (
	// A test's output shows found beside expected bytes, 16 per line.
	wrongDump = regexp.MustCompile(`wrong bytes at (\d+), ([^\n:]{1,200}):\n((?:[ \t]+(?:found|expected) +\d+ *(?:[ \t][0-9a-f]{2})+[ \t]*\n?){2,64})`)
	wrongLine = regexp.MustCompile(`(found|expected) +\d+ *((?:[ \t][0-9a-f]{2})+)`)
	// A detail shows the first bytes of a corrupt range,
	wrongNote = regexp.MustCompile(`\bat (\d+): ([^;]*?) \(((?:[0-9a-f]{2} )*[0-9a-f]{2})\)`)
	// or both, if a consumer wrote into its source.
	wrongSource = regexp.MustCompile(`([^;:]*?) differs at (\d+): ((?:[0-9a-f]{2} )*[0-9a-f]{2}) instead of ((?:[0-9a-f]{2} )*[0-9a-f]{2})`)
)

// Wrong finds the first wrong bytes in what a test reported: its detail and its
// output. Both are untrusted text from a guest.
func Wrong(detail, output string) []Bytes {
	found := []Bytes{}
	add := func(offset, title, got, want string) {
		at, err := strconv.ParseInt(offset, 10, 64)
		known := slices.ContainsFunc(found, func(b Bytes) bool { return b.Offset == at })
		if err == nil && !known && len(found) < maxWrong {
			found = append(found, Bytes{Offset: at, Title: strings.TrimSpace(title), Got: packed(got), Want: packed(want)})
		}
	}
	if strings.Contains(output, "wrong bytes at ") {
		for _, m := range wrongDump.FindAllStringSubmatch(output, maxWrong) {
			var got, want strings.Builder
			for _, line := range wrongLine.FindAllStringSubmatch(m[3], -1) {
				if line[1] == "found" {
					got.WriteString(line[2])
				} else {
					want.WriteString(line[2])
				}
			}
			add(m[1], m[2], got.String(), want.String())
		}
	}
	if strings.Contains(detail, ": ") {
		for _, m := range wrongSource.FindAllStringSubmatch(detail, maxWrong) {
			add(m[2], m[1]+" differs", m[3], m[4])
		}
		for _, m := range wrongNote.FindAllStringSubmatch(detail, maxWrong) {
			add(m[1], m[2], m[3], "")
		}
	}
	return found
}

// packed returns hexadecimal bytes without separators.
func packed(s string) string { return strings.Join(strings.Fields(s), "") }
