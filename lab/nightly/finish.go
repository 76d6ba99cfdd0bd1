package nightly

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
	"github.com/splicelab/splicelab/results/notify"
)

// sending bounds the time that all notifications take.
const sending = 5 * time.Minute

// finish does what is left when a run has ended, or could not be made: each
// step whatever became of the one before.
func (n *night) finish(ctx context.Context) Outcome {
	// Somebody who stops a night wants to be told of it too.
	ctx = context.WithoutCancel(ctx)
	n.mark(ctx)
	n.prune(ctx, false)
	n.facts.Finished = time.Now()
	files := n.links(n.writeReports(ctx))
	current := changes.Compare(n.facts)
	files = append(files, n.links(n.writeNews(current, files))...)
	out := Outcome{News: current, Reports: files}

	digest := current.Digest()
	fixed := n.Baseline != Previous && n.last.Baseline == n.baseline
	if digest.Worth(n.last.Told, fixed) || n.first || n.facts.Unfinished != "" || n.Always {
		out.Told = true
		if err := n.send(ctx, current, files); err != nil {
			// What nobody was told stays to be told.
			n.failed = append(n.failed, n.explain(err))
			digest = n.last.Told
		}
	}
	m := memory{Told: digest, Baseline: n.baseline, Run: cmp.Or(current.Run.ID, n.last.Run), When: n.started}
	if err := m.keep(n.State); err != nil {
		n.failed = append(n.failed, n.explain(err))
	}
	if err := n.lock.release(); err != nil {
		n.failed = append(n.failed, n.explain(err))
	}
	out.Failed = n.failed
	return out
}

// mark gives a sound run its marks. The first becomes the baseline, because
// a night without one says nothing; from then on it moves by hand only, so that
// no failure becomes what is usual because nobody looked.
func (n *night) mark(ctx context.Context) {
	run := n.facts.Run.ID
	if run == "" {
		return
	}
	if !n.sound {
		if n.baseline == "" {
			n.note("there is no run to compare with yet, and this one has holes: the first without becomes it")
		}
		return
	}
	n.problem(n.store.Mark(ctx, Mark, run))
	if n.baseline != "" {
		return
	}
	if n.Baseline == Previous {
		n.note("there was no night to compare with: the next is compared with this one")
		return
	}
	if err := n.store.Mark(ctx, results.Baseline, run); err != nil {
		n.problem(err)
		return
	}
	n.note("this run is the baseline from now on")
}

// prune removes what is older than is kept. The mark of the night comes
// before, so that the run that the next is compared with stays.
func (n *night) prune(ctx context.Context, short bool) {
	if n.lock == nil { // another night may be at it
		return
	}
	before := n.started.AddDate(0, 0, -n.KeepDays)
	if n.store != nil {
		ids, err := n.store.Prune(ctx, before)
		n.problem(err)
		if len(ids) > 0 {
			n.note("runs of more than %[2]d days ago that were removed: %[1]d", len(ids), n.KeepDays)
			if _, err := n.store.Compact(ctx); err != nil {
				n.note("the room of the removed runs stays in the file of results: %s", err)
			}
		}
	}
	gone, err := pruneReports(n.Reports, before)
	n.problem(err)
	if len(gone) > 0 {
		n.note("nights whose reports were removed: %d", len(gone))
	}
	gone, err = n.runner.Prune(ctx, before, short)
	n.problem(err)
	if len(gone) > 0 {
		n.note("removed from the cache: %s", strings.Join(gone, ", "))
	}
}

// writeReports writes the run's documents, and returns their files.
func (n *night) writeReports(ctx context.Context) (files []string) {
	if n.facts.Run.ID == "" {
		return nil
	}
	for _, format := range n.Formats {
		var b bytes.Buffer
		err := n.runner.Render(ctx, &b, format, n.store, n.facts.Run, n.facts.Cells)
		if err != nil {
			n.problem(fmt.Errorf("the %s report: %w", format, err))
			continue
		}
		if file := n.report("report."+extension(format), b.Bytes()); file != "" {
			files = append(files, file)
		}
	}
	return files
}

// links are the files as people find them.
func (n *night) links(files []string) []string {
	if n.ReportURL == "" {
		return files
	}
	links := make([]string, len(files))
	for i, f := range files {
		links[i] = strings.TrimSuffix(n.ReportURL, "/") + "/" + filepath.Base(filepath.Dir(f)) + "/" + filepath.Base(f)
	}
	return links
}

// extension is what the file of a format ends with.
func extension(format string) string {
	if format == "junit" {
		return "junit.xml"
	}
	return format
}

// writeNews writes the news beside the reports, and makes "latest" name them.
func (n *night) writeNews(current changes.Summary, reports []string) (files []string) {
	document, err := json.MarshalIndent(current.Document(reports), "", "  ")
	if err != nil {
		n.failed = append(n.failed, n.explain(err))
	}
	problems := len(n.facts.Problems)
	text := current.Text(reports)
	for _, one := range []struct {
		name    string
		content []byte
	}{{"news.txt", []byte(text)}, {"news.json", append(document, '\n')}} {
		if file := n.report(one.name, one.content); file != "" {
			files = append(files, file)
		}
	}
	if n.reports.dir != "" {
		n.problem(n.reports.point())
	}
	// The news that was written cannot tell of these any more.
	n.failed = append(n.failed, n.facts.Problems[problems:]...)
	return files
}

// report writes one file, and returns its path; empty when it could not be
// written. The directory is made for the first.
func (n *night) report(name string, content []byte) string {
	if n.reports.dir == "" {
		if n.noReports {
			return ""
		}
		var err error
		if n.reports, err = newReports(n.Reports, n.started); err != nil {
			n.noReports = true
			n.problem(err)
			return ""
		}
	}
	file, err := n.reports.write(name, content)
	if err != nil {
		n.problem(fmt.Errorf("the report %s: %w", name, err))
		return ""
	}
	return file
}

// send delivers the news by every sender. It fails when one of them does.
func (n *night) send(ctx context.Context, current changes.Summary, reports []string) error {
	if len(n.Senders) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sending)
	defer cancel()
	m, err := Message(current, reports, "splicelab "+n.Host+": "+current.Subject())
	if err != nil {
		return err
	}
	for _, s := range n.Senders {
		if serr := s.Send(ctx, m); serr != nil {
			err = errors.Join(err, fmt.Errorf("the notification was not delivered: %w", serr))
		}
	}
	return err
}

// Message is the notification of a piece of news.
func Message(n changes.Summary, reports []string, subject string) (notify.Message, error) {
	document, err := json.Marshal(n.Document(reports))
	return notify.Message{Subject: subject, Text: n.Text(reports), Document: document, Date: n.Finished}, err
}
