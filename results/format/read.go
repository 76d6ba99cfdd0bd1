package format

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Limits of documents. One that exceeds them is rejected as broken or
// malicious.
const (
	MaxFile     = 128 << 20 // bytes
	MaxTests    = 200_000   // in one document
	MaxDepth    = 32        // suites in suites, tests in tests
	maxElement  = 16 << 20  // bytes of one XML element's text, or of its attributes
	maxAttempts = 100       // of one test
)

// NoFilesystem is the filesystem name for tests without one.
const NoFilesystem = "none"

// ReadFormats are the formats that can be read.
var ReadFormats = []string{"junit", "ktap"}

// SyntaxError reports a document that cannot be read.
type SyntaxError struct {
	File string
	Line int // from 1; 0: the whole file
	What string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + sanitize.Line(e.What)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, sanitize.Line(e.What))
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*SyntaxError) BadInput() {}

// ReadOptions say how to read a document.
type ReadOptions struct {
	File   string // for messages
	Format string // of ReadFormats; empty: detected
	// Kernel and FS are what the tests ran on. If Kernel is empty, the document
	// must contain it. If neither names a filesystem, NoFilesystem is used.
	Kernel, FS string
}

// Imported is the content of a document.
type Imported struct {
	Format   string
	Attempts []results.Attempt // in the document's order; those of a test are numbered from 1
	// Run describes the run, with its original ID, if splicelab wrote the
	// document; otherwise it has only the start time.
	Run results.Run
	// Problem says why the results are incomplete: missing results,
	// inconsistent counts.
	Problem string
}

// Read reads a complete document, or returns a *SyntaxError with the line and a
// remedy. It reads at most MaxFile bytes.
func Read(r io.Reader, o ReadOptions) (Imported, error) {
	limited := &limitedReader{r: r, left: MaxFile}
	b := bufio.NewReaderSize(limited, 64<<10)
	if o.Format == "" {
		head, err := b.Peek(64 << 10)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return Imported{}, readError(o.File, 0, err)
		}
		if o.Format = detect(head); o.Format == "" {
			return Imported{}, &SyntaxError{File: o.File, What: "is neither XML nor has a line \"KTAP version 1\" near its beginning; name the format with --format junit or --format ktap"}
		}
	}
	b = skipByteOrderMark(b)
	n := names{o: o, used: map[results.CellKey]int{}, platforms: map[string]results.Platform{}}
	var in Imported
	var err error
	switch o.Format {
	case "junit":
		in, err = readJUnit(b, &n)
	case "ktap":
		in, err = readKTAP(b, &n)
	default:
		err = &SyntaxError{File: o.File, What: fmt.Sprintf("format %q cannot be read: use junit or ktap", o.Format)}
	}
	if err != nil {
		return Imported{}, err
	}
	if len(in.Attempts) == 0 {
		return Imported{}, &SyntaxError{File: o.File, What: "contains no test result: name the report of a finished run"}
	}
	in.Format = o.Format
	if o.Kernel == "" {
		for i := range in.Attempts {
			in.Attempts[i].Platform = n.platforms[in.Attempts[i].Kernel]
		}
	}
	return in, nil
}

var (
	xmlStart  = regexp.MustCompile(`^\s*<[?!a-zA-Z]`)
	ktapStart = regexp.MustCompile(`(?m)(^|[ \t\]#])K?TAP version [0-9]+\s*$`)
)

// detect detects the format of a document from its beginning.
func detect(head []byte) string {
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	switch {
	case xmlStart.Match(head):
		return "junit"
	case ktapStart.Match(head):
		return "ktap"
	}
	return ""
}

func skipByteOrderMark(b *bufio.Reader) *bufio.Reader {
	if head, _ := b.Peek(3); bytes.Equal(head, []byte("\ufeff")) {
		_, _ = b.Discard(3) // the bytes were peeked
	}
	return b
}

// errTooLarge reports a document of more than MaxFile bytes.
var errTooLarge = errors.New("is larger than " + strconv.Itoa(MaxFile>>20) + " MiB, the limit; split it, or omit the output of passed tests")

// limitedReader fails at its limit, unlike io.LimitReader: a document must not
// be truncated silently.
type limitedReader struct {
	r    io.Reader
	left int
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left == 0 {
		var one [1]byte
		if n, err := io.ReadFull(l.r, one[:]); n == 0 {
			return 0, err
		}
		return 0, errTooLarge
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// readError adds the position to an I/O error.
func readError(file string, line int, err error) error {
	if errors.Is(err, errTooLarge) {
		return &SyntaxError{File: file, What: errTooLarge.Error()}
	}
	if line == 0 {
		return fmt.Errorf("%s: %w", file, err)
	}
	return fmt.Errorf("%s:%d: %w", file, line, err)
}

// names assigns cell keys to tests.
type names struct {
	o    ReadOptions
	used map[results.CellKey]int // suffix for the next test of that name
	// platforms are those of kernels, in documents of splicelab.
	platforms map[string]results.Platform
	n         int // tests
	size      int // bytes of names built so far
}

// key returns the key of a test. The second test of a name becomes name#01, as
// in Go.
func (n *names) key(kernel, fs, test string) results.CellKey {
	first := results.CellKey{Kernel: sanitize.Line(kernel), FS: sanitize.Line(fs), Test: sanitize.Line(test)}
	k := first
	for {
		if _, taken := n.used[k]; !taken {
			n.used[k] = 1
			return k
		}
		next := n.used[first]
		n.used[first]++ // never try a number twice
		k.Test = sanitize.Line(fmt.Sprintf("%s#%02d", first.Test, next))
		if len(first.Test)+20 > sanitize.MaxLine { // the number would be truncated
			k.Test = fmt.Sprintf("%s…#%02d", digestOf(first.Test), next)
		}
	}
}

// count rejects a document with too many tests.
func (n *names) count(line int) error {
	if n.n++; n.n > MaxTests {
		return &SyntaxError{File: n.o.File, Line: line, What: fmt.Sprintf("is test %d; the limit is %d; split the document", n.n, MaxTests)}
	}
	return nil
}

// grow rejects a document whose names expand too much: each test's name
// contains those of its parents.
func (n *names) grow(size int) error {
	if n.size += size; n.size > MaxFile {
		return &SyntaxError{File: n.o.File, What: fmt.Sprintf("has more than %d MiB of test names; shorten those of suites and of tests with subtests", MaxFile>>20)}
	}
	return nil
}

// where returns the kernel and filesystem of tests: as requested, else as in
// the document.
func (n *names) where(kernel, fs string) (string, string, error) {
	if n.o.Kernel != "" {
		kernel = n.o.Kernel
	}
	if n.o.FS != "" {
		fs = n.o.FS
	}
	if fs = sanitize.Line(fs); fs == "" {
		fs = NoFilesystem
	}
	if kernel = sanitize.Line(kernel); kernel == "" {
		return "", "", &SyntaxError{File: n.o.File, What: "does not say which kernel the tests ran on; name it with --kernel RELEASE"}
	}
	return kernel, fs, nil
}

// foreign makes an attempt of another tool's result. Policies do not affect its
// verdict.
func foreign(key results.CellKey, n int, v outcome.Verdict, detail string) results.Attempt {
	return results.Attempt{CellKey: key, N: n, Verdict: v, Kind: outcome.Invariant, Detail: sanitize.Line(detail)}
}

// parseTimestamp parses a suite's start time. Without a zone, it is UTC.
func parseTimestamp(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02T15:04:05-0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
