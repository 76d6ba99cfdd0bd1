package console

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// Bounds of what Parse returns, whatever a guest prints.
const (
	maxExcerptLines = 60
	maxLineBytes    = 256
	maxTitleBytes   = 160
	// maxPerKind is how many events of one kind are reported. It is per kind so
	// that a flood of warnings does not hide the panic after it.
	maxPerKind = 64
	// maxPerTitle is how many events of one kind and title are reported.
	maxPerTitle = 8
	// maxMatched is how much of a line is matched; the kernel's own lines are
	// at most 1 KiB.
	maxMatched = 1024
	// preamble is how many lines before a warning may belong to it: the message
	// of a WARN is between "cut here" and "WARNING:".
	preamble = 4
)

var (
	// stamp is printk's timestamp, with the caller added by
	// CONFIG_PRINTK_CALLER.
	stamp = regexp.MustCompile(`\[ {0,5}\d{1,10}\.\d{6}\](?:\[ *[TC]\d+\])? ?`)
	// atStamp is stamp anchored at the beginning: much faster than a search.
	atStamp = regexp.MustCompile(`^` + stamp.String())
	// level precedes every message of a raw log.
	level = regexp.MustCompile(`^<\d{1,3}>`)

	ripLine   = regexp.MustCompile(`^(?:[A-Z]{3,4}: \S+ )?RIP: (?:[0-9a-f]{4}:)?(?:\[<[0-9a-f]+>\] )?([A-Za-z_][\w.]*)\+0x`)
	traceLine = regexp.MustCompile(`^ *(?:\[<[0-9a-f]+>\] )?([A-Za-z_][\w.]*)\+0x[0-9a-f]+/0x[0-9a-f]+`)
	access    = regexp.MustCompile(`^(Read|Write) of size \d+ at addr`)
	dropped   = regexp.MustCompile(`^\[splicelab: \d+ bytes of output dropped here\]$`)
)

// line is one line of a log.
type line struct {
	number int    // from 1
	text   string // valid UTF-8, without timestamp, at most maxMatched bytes
}

// Parse finds the events in a kernel log, in the order in which they began. It
// accepts any bytes: a log may be truncated at either end or in the middle,
// with or without timestamps, levels and callers, and mixed with output of user
// space. If any line has a timestamp, lines without one are not the kernel's
// and only appear in excerpts.
func Parse(log []byte) []Event {
	p := parser{
		stamped: stamp.Match(log),
		kinds:   make(map[Kind]int),
		titles:  make(map[string]int),
	}
	number := 0
	for len(log) > 0 {
		raw, rest, _ := bytes.Cut(log, []byte("\n"))
		log = rest
		number++
		p.line(number, raw)
	}
	p.finish()
	return p.events
}

// parser collects the lines of one event at a time.
type parser struct {
	stamped bool
	events  []Event
	kinds   map[Kind]int
	titles  map[string]int

	recent []line // the last preamble lines, before any event
	block  *block // the event being read, or nil
}

// block is an event whose lines are still arriving.
type block struct {
	rule     rule
	title    string
	file     string // for atRIPFile
	start    int
	lines    []string
	rip      string
	trace    []string
	tracing  bool
	died     bool   // an oops has printed "[#1]"
	accessed string // KASAN: "Read" or "Write"
}

// line parses one raw line: what user space wrote before a timestamp in the
// middle of it is a separate line.
func (p *parser) line(number int, raw []byte) {
	if len(raw) > 2*maxMatched {
		raw = raw[:2*maxMatched]
	}
	text := strings.TrimRight(string(bytes.ToValidUTF8(raw, []byte("\uFFFD"))), "\r\x00 ")
	if !p.stamped {
		if at := level.FindStringIndex(text); at != nil {
			text = text[at[1]:]
		}
		p.kernel(line{number, bound(text)})
		return
	}
	start, end := findStamp(text)
	if end == 0 {
		p.foreign(line{number, bound(text)})
		return
	}
	if before := text[:start]; before != "" && level.FindString(before) != before {
		p.foreign(line{number, bound(before)})
	}
	p.kernel(line{number, bound(text[end:])})
}

// findStamp returns the position of the first timestamp; an end of 0 means
// none.
func findStamp(s string) (start, end int) {
	for {
		i := strings.IndexByte(s[start:], '[')
		if i < 0 {
			return 0, 0
		}
		start += i
		if at := atStamp.FindStringIndex(s[start:]); at != nil {
			return start, start + at[1]
		}
		start++
	}
}

func bound(s string) string {
	if len(s) > maxMatched {
		s = strings.ToValidUTF8(s[:maxMatched], "")
	}
	return s
}

// foreign handles a line that is not the kernel's.
func (p *parser) foreign(l line) {
	if dropped.MatchString(l.text) {
		// What follows need not belong to what precedes.
		p.finish()
		return
	}
	if p.block != nil {
		p.block.excerpt(l)
	}
}

// kernel handles a line of the kernel's.
func (p *parser) kernel(l line) {
	if dropped.MatchString(l.text) {
		p.finish()
		return
	}
	b := p.block
	if mayMatch(l.text) && p.match(l) {
		return
	}
	if b == nil {
		p.remember(l)
		return
	}
	b.add(l)
	if strings.HasPrefix(l.text, "---[ end ") {
		p.finish()
	}
}

// match begins an event at l if a rule matches.
func (p *parser) match(l line) bool {
	for _, r := range rules {
		m := r.pattern.FindStringSubmatchIndex(l.text)
		if m == nil {
			continue
		}
		if p.block != nil && p.block.continues(r, l.text) {
			return false
		}
		p.begin(r, m, l)
		return true
	}
	return false
}

// remember keeps lines that may turn out to be the message of a warning.
func (p *parser) remember(l line) {
	if strings.HasPrefix(l.text, "------------[ cut here ]") {
		p.recent = p.recent[:0]
	} else if len(p.recent) == preamble || len(p.recent) == 0 {
		// No "cut here", or too long ago to belong to a warning.
		p.recent = p.recent[:0]
		return
	}
	p.recent = append(p.recent, l)
}

// begin starts an event at l.
func (p *parser) begin(r rule, m []int, l line) {
	p.finish()
	b := &block{rule: r, start: l.number, died: r.die}
	if len(p.recent) > 0 && r.kind != Panic {
		b.start = p.recent[0].number
		for _, before := range p.recent {
			b.excerpt(before)
		}
	}
	p.recent = p.recent[:0]
	if r.kind == Panic {
		b.rule.kind = cutShort(l.text[m[2]:m[3]])
	}

	groups := make([]string, 0, len(m)/2)
	for i := 0; i+1 < len(m); i += 2 {
		var s string
		if m[i] >= 0 {
			s = l.text[m[i]:m[i+1]]
		}
		if i > 0 && !r.raw {
			s = normalise(s)
		}
		groups = append(groups, s)
	}
	b.title = expand(r.title, groups)
	if r.where == atRIPFile && len(groups) > 1 {
		b.file = groups[1]
	}
	b.excerpt(l)
	p.block = b
	if strings.HasPrefix(l.text, "---[ end ") {
		p.finish()
	}
}

// expand replaces $1 to $9 in title.
func expand(title string, groups []string) string {
	for i := len(groups) - 1; i > 0; i-- {
		title = strings.ReplaceAll(title, "$"+string(rune('0'+i)), groups[i])
	}
	return title
}

// finish ends the current event.
func (p *parser) finish() {
	b := p.block
	p.block = nil
	if b == nil {
		return
	}
	e := Event{Kind: b.rule.kind, Title: boundTitle(b.fullTitle()), Line: b.start, Excerpt: b.lines}
	key := string(e.Kind) + e.Title
	if p.kinds[e.Kind] == maxPerKind || p.titles[key] == maxPerTitle {
		return
	}
	p.kinds[e.Kind]++
	p.titles[key]++
	p.events = append(p.events, e)
}

// continues reports whether a line that would begin an event by rule r only
// adds to the current one.
func (b *block) continues(r rule, text string) bool {
	switch {
	case r.die && b.rule.kind == Oops && !b.died:
		b.died = true
		return true
	case r.kind == Panic && b.panics() && strings.HasPrefix(text, "---[ end "):
		return true
	}
	return false
}

// panics reports whether the current event is some kind of panic.
func (b *block) panics() bool {
	return b.rule.kind == Panic || b.rule.kind == InitDied || b.rule.kind == NoRoot
}

func (b *block) excerpt(l line) {
	if len(b.lines) < maxExcerptLines {
		b.lines = append(b.lines, sanitize.Short(l.text, maxLineBytes))
	}
}

// add extracts from l where the event happened.
func (b *block) add(l line) {
	b.excerpt(l)
	switch {
	case strings.HasPrefix(l.text, "Call Trace:"), strings.HasPrefix(l.text, "Call trace:"):
		b.tracing = true
	case b.rip == "" && ripLine.MatchString(l.text):
		b.rip = ripLine.FindStringSubmatch(l.text)[1]
	case b.accessed == "" && b.rule.kind == Sanitizer && access.MatchString(l.text):
		b.accessed = access.FindStringSubmatch(l.text)[1]
	case b.tracing && len(b.trace) < maxExcerptLines:
		if m := traceLine.FindStringSubmatch(l.text); m != nil {
			b.trace = append(b.trace, m[1])
		}
	}
}

// fullTitle is the title with the function to blame.
func (b *block) fullTitle() string {
	title := b.title
	if b.accessed != "" {
		if what, where, ok := strings.Cut(title, " in "); ok && strings.HasPrefix(title, "KASAN:") {
			title = what + " " + b.accessed + " in " + where
		}
	}
	var place string
	switch b.rule.where {
	case atRIP, atRIPFile:
		place = symbol(b.rip)
		if place == "" || machinery(place) {
			place = first(b.trace)
		}
		if place == "" {
			place = b.file
		}
	case atTrace:
		place = first(b.trace)
	}
	if place != "" {
		title += " in " + place
	}
	return title
}
