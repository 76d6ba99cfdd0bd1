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

// Limits of documents. One that exceeds them is refused: it is wrong or malicious.
const (
	MaxFile     = 128 << 20 // bytes
	MaxTests    = 200_000   // in one document
	MaxDepth    = 32        // suites in suites, tests in tests
	maxElement  = 16 << 20  // bytes of one XML element's text, or of its attributes
	maxAttempts = 100       // at one test
)

// NoFilesystem is the filesystem of tests without one.
const NoFilesystem = "none"

// ReadFormats are the formats that can be read.
var ReadFormats = []string{"junit", "ktap"}

// SyntaxError is why a document cannot be read.
type SyntaxError struct {
	File string
	Line int // from 1; 0: of the whole file
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
	// Kernel and FS are what the tests ran on. Where they are empty, the
	// document has to say it; without a filesystem, it is NoFilesystem.
	Kernel, FS string
}

// Imported is the content of a document.
type Imported struct {
	Format   string
	Attempts []results.Attempt // at each test, in the document's order; a test's are numbered from 1
	// Run is what a document of ours says of its run; of others, only when it
	// started. Its ID is that of the run which the document is of.
	Run results.Run
	// Problem says why not all of it can be trusted: results that are missing,
	// numbers that do not follow each other.
	Problem string
}

// Read reads a document whole, or returns a *SyntaxError that names the line
// and says what to do. It reads no more than MaxFile bytes.
func Read(r io.Reader, o ReadOptions) (Imported, error) {
	limited := &limitedReader{r: r, left: MaxFile}
	b := bufio.NewReaderSize(limited, 64<<10)
	if o.Format == "" {
		head, err := b.Peek(64 << 10)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return Imported{}, readError(o.File, 0, err)
		}
		if o.Format = detect(head); o.Format == "" {
			return Imported{}, &SyntaxError{File: o.File, What: "is neither XML nor has it a line \"KTAP version 1\" near its beginning; say what it is by --format junit or --format ktap"}
		}
	}
	b = skipByteOrderMark(b)
	n := names{o: o, used: map[results.CellKey]int{}}
	var in Imported
	var err error
	switch o.Format {
	case "junit":
		in, err = readJUnit(b, &n)
	case "ktap":
		in, err = readKTAP(b, &n)
	default:
		err = &SyntaxError{File: o.File, What: fmt.Sprintf("there is no format %q to read: junit and ktap are read", o.Format)}
	}
	if err != nil {
		return Imported{}, err
	}
	if len(in.Attempts) == 0 {
		return Imported{}, &SyntaxError{File: o.File, What: "holds no test result: name the report of a run that has ended"}
	}
	in.Format = o.Format
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
		_, _ = b.Discard(3) // what was peeked is there
	}
	return b
}

// errTooLarge is a document of more than MaxFile bytes.
var errTooLarge = errors.New("is larger than " + strconv.Itoa(MaxFile>>20) + " MiB, which is more than is read; split it, or leave out the output of tests that passed")

// limitedReader fails, other than io.LimitReader, where its limit is passed: a
// document must not end there unnoticed.
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

// readError is a document that could not be read further.
func readError(file string, line int, err error) error {
	if errors.Is(err, errTooLarge) {
		return &SyntaxError{File: file, What: errTooLarge.Error()}
	}
	if line == 0 {
		return fmt.Errorf("%s: %w", file, err)
	}
	return fmt.Errorf("%s:%d: %w", file, line, err)
}

// names gives each test the key of its cell.
type names struct {
	o    ReadOptions
	used map[results.CellKey]int // by the number that the next of the same name gets
	n    int                     // tests
	size int                     // bytes of names that were put together
}

// key returns the key of a test. Of two tests that are called the same, the
// second is called name#01, as Go does.
func (n *names) key(kernel, fs, test string) results.CellKey {
	first := results.CellKey{Kernel: sanitize.Line(kernel), FS: sanitize.Line(fs), Test: sanitize.Line(test)}
	k := first
	for {
		if _, taken := n.used[k]; !taken {
			n.used[k] = 1
			return k
		}
		next := n.used[first]
		n.used[first]++ // no number is tried twice
		k.Test = sanitize.Line(fmt.Sprintf("%s#%02d", first.Test, next))
		if len(first.Test)+20 > sanitize.MaxLine { // the number would be cut out of it
			k.Test = fmt.Sprintf("%s…#%02d", digestOf(first.Test), next)
		}
	}
}

// count refuses a document of too many tests.
func (n *names) count(line int) error {
	if n.n++; n.n > MaxTests {
		return &SyntaxError{File: n.o.File, Line: line, What: fmt.Sprintf("is the %dth test, and no more than %d are read; split the document", n.n, MaxTests)}
	}
	return nil
}

// grow refuses a document whose few names grow to many: a long name of a
// parent is in that of each of its tests.
func (n *names) grow(size int) error {
	if n.size += size; n.size > MaxFile {
		return &SyntaxError{File: n.o.File, What: fmt.Sprintf("has names of more than %d MiB; shorten those of suites and of tests with subtests", MaxFile>>20)}
	}
	return nil
}

// where says on what the tests of a document ran that may say it itself.
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
		return "", "", &SyntaxError{File: n.o.File, What: "does not say which kernel the tests ran on; say it by --kernel RELEASE"}
	}
	return kernel, fs, nil
}

// foreign makes an attempt of what another tool found. The policy of a run
// does not change what it came to.
func foreign(key results.CellKey, n int, v outcome.Verdict, detail string) results.Attempt {
	return results.Attempt{CellKey: key, N: n, Verdict: v, Kind: outcome.Invariant, Detail: sanitize.Line(detail)}
}

// parseTimestamp reads a suite's time of start. Without a zone, it is UTC.
func parseTimestamp(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02T15:04:05-0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
