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

// finish does what remains after the run, or after a failure to start it. Each
// step is taken even if an earlier one failed.
func (n *sequence) finish(ctx context.Context) Outcome {
	// An interrupted nightly run is reported too.
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
	if digest.Worth(n.last.Notified, fixed) || n.first || n.facts.Unfinished != "" || n.Always {
		out.Notified = true
		if err := n.send(ctx, current, files); err != nil {
			// An undelivered change is reported again next time.
			n.failed = append(n.failed, n.explain(err))
			digest = n.last.Notified
		}
	}
	m := memory{Notified: digest, Baseline: n.baseline, Run: cmp.Or(current.Run.ID, n.last.Run), When: n.started}
	if err := m.keep(n.State); err != nil {
		n.failed = append(n.failed, n.explain(err))
	}
	if err := n.lock.release(); err != nil {
		n.failed = append(n.failed, n.explain(err))
	}
	out.Failed = n.failed
	return out
}

// mark marks a sound run. The first one becomes the baseline, because without a
// baseline nothing can be compared. After that only the user moves it, so that
// an unnoticed failure never becomes the baseline.
func (n *sequence) mark(ctx context.Context) {
	run := n.facts.Run.ID
	if run == "" {
		return
	}
	if !n.sound {
		if n.baseline == "" {
			n.note("there is no baseline yet, and this run is incomplete: the first complete run becomes the baseline")
		}
		return
	}
	n.problem(n.store.Mark(ctx, Mark, run))
	if n.baseline != "" {
		return
	}
	if n.Baseline == Previous {
		n.note("there is no previous nightly run: the next one is compared with this one")
		return
	}
	if err := n.store.Mark(ctx, results.Baseline, run); err != nil {
		n.problem(err)
		return
	}
	n.note("this run is now the baseline")
}

// prune removes runs, reports and cache entries that have expired. It comes
// after mark, so that the run that the next one is compared with stays.
func (n *sequence) prune(ctx context.Context, short bool) {
	if n.lock == nil { // another nightly run may be pruning
		return
	}
	before := n.started.AddDate(0, 0, -n.KeepDays)
	if n.store != nil {
		ids, err := n.store.Prune(ctx, before)
		n.problem(err)
		if len(ids) > 0 {
			n.note("removed %d runs older than %d days", len(ids), n.KeepDays)
			if _, err := n.store.Compact(ctx); err != nil {
				n.note("the space of the removed runs could not be freed: %s", err)
			}
		}
	}
	gone, err := pruneReports(n.Reports, before)
	n.problem(err)
	if len(gone) > 0 {
		n.note("removed the reports of %d nightly runs", len(gone))
	}
	gone, err = n.runner.Prune(ctx, before, short)
	n.problem(err)
	if len(gone) > 0 {
		n.note("removed from the cache: %s", strings.Join(gone, ", "))
	}
}

// writeReports writes the run's documents and returns their files.
func (n *sequence) writeReports(ctx context.Context) (files []string) {
	if n.facts.Run.ID == "" {
		return nil
	}
	for _, format := range n.Formats {
		var b bytes.Buffer
		err := n.runner.Render(ctx, &b, format, n.store, n.facts.Run, n.facts.Cells)
		if err != nil {
			n.problem(fmt.Errorf("%s report: %w", format, err))
			continue
		}
		if file := n.report("report."+extension(format), b.Bytes()); file != "" {
			files = append(files, file)
		}
	}
	return files
}

// links are the URLs of the files, or their paths without a ReportURL.
func (n *sequence) links(files []string) []string {
	if n.ReportURL == "" {
		return files
	}
	links := make([]string, len(files))
	for i, f := range files {
		links[i] = strings.TrimSuffix(n.ReportURL, "/") + "/" + filepath.Base(filepath.Dir(f)) + "/" + filepath.Base(f)
	}
	return links
}

// extension is the file name extension of a format.
func extension(format string) string {
	if format == "junit" {
		return "junit.xml"
	}
	return format
}

// writeNews writes the summary next to the reports, and points "latest" at them.
func (n *sequence) writeNews(current changes.Summary, reports []string) (files []string) {
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
	// The summary has been written without these problems.
	n.failed = append(n.failed, n.facts.Problems[problems:]...)
	return files
}

// report writes one file and returns its path, or "" if that failed. The first
// call creates the directory.
func (n *sequence) report(name string, content []byte) string {
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
		n.problem(fmt.Errorf("report %s: %w", name, err))
		return ""
	}
	return file
}

// send notifies through every sender. It fails if any of them does.
func (n *sequence) send(ctx context.Context, current changes.Summary, reports []string) error {
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

// Message is the notification of a summary.
func Message(n changes.Summary, reports []string, subject string) (notify.Message, error) {
	document, err := json.Marshal(n.Document(reports))
	return notify.Message{Subject: subject, Text: n.Text(reports), Document: document, Date: n.Finished}, err
}
