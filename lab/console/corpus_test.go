package console

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the result of Parse into the headers of testdata/*.log")

// The corpus: testdata/*.log are kernel logs with a header of comment lines,
//
//	# from: where the log comes from
//	# fatal: the title of what Fatal returns, or "no"
//	# event: LINE KIND TITLE
//
// and an empty line. Lines are counted from the first one after the header.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/*.log")
	if err != nil || len(files) < 20 {
		t.Fatalf("the corpus has %d logs: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".log"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, log, ok := strings.Cut(string(raw), "\n\n")
			if !ok || !strings.HasPrefix(head, "# from: ") {
				t.Fatal("the log has no header")
			}
			from, _, _ := strings.Cut(head, "\n")
			got := from + "\n" + describe(Parse([]byte(log)))
			if got == head {
				return
			}
			if *update {
				if err := os.WriteFile(file, []byte(got+"\n\n"+log), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("got\n%s\n\nwant (-update accepts the new one)\n%s", got, head)
		})
	}
}

// corpus are the logs without their headers.
func corpus(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.log")
	if err != nil {
		t.Fatal(err)
	}
	var logs []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, log, _ := strings.Cut(string(raw), "\n\n")
		logs = append(logs, log)
	}
	return logs
}

func describe(events []Event) string {
	var b strings.Builder
	if e, ok := Fatal(events); ok {
		fmt.Fprintf(&b, "# fatal: %s", e.Title)
	} else {
		b.WriteString("# fatal: no")
	}
	for _, e := range events {
		fmt.Fprintf(&b, "\n# event: %d %s %s", e.Line, e.Kind, e.Title)
	}
	return b.String()
}
