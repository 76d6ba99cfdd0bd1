package console

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
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

	dropped = regexp.MustCompile(`^\[splicelab: \d+ bytes of output dropped here\]$`)
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
	var s Scanner
	_, _ = s.Write(log)
	return s.Events()
}

// Scanner is Parse for a log that is still being written. Its memory is bounded
// however long the log is. The zero value is ready to use; it is not safe for
// concurrent use.
type Scanner struct {
	p       parser
	partial []byte // the incomplete last line, bounded
	number  int    // complete lines
}

// maxRaw bounds a raw line: more than is matched, because of what may precede
// the message.
const maxRaw = 2 * maxMatched

// Write parses the complete lines of b. It never fails.
func (s *Scanner) Write(b []byte) (int, error) {
	n := len(b)
	for {
		raw, rest, complete := bytes.Cut(b, []byte("\n"))
		raw = raw[:min(len(raw), max(0, maxRaw-len(s.partial)))]
		if !complete {
			s.partial = append(s.partial, raw...)
			return n, nil
		}
		if len(s.partial) > 0 {
			raw = append(s.partial, raw...)
			s.partial = s.partial[:0]
		}
		s.number++
		s.p.line(s.number, raw)
		b = rest
	}
}

// Events are what the log reports so far. An incomplete last line counts as if
// it were complete.
func (s *Scanner) Events() []Event {
	p := s.p.snapshot()
	if len(s.partial) > 0 {
		p.line(s.number+1, s.partial)
	}
	p.finish()
	return p.events
}

// parser collects the lines of one event at a time.
type parser struct {
	stamped bool
	events  []Event
	kinds   map[Kind]int   // how many events of each kind there are
	titles  map[string]int // the same of each kind and title

	recent []line // the last preamble lines, before any event
	block  *block // the event being read, or nil
}

// snapshot is a copy that can be finished while p continues.
func (p *parser) snapshot() *parser {
	c := *p
	c.events, c.recent = slices.Clone(p.events), slices.Clone(p.recent)
	c.kinds, c.titles = maps.Clone(p.kinds), maps.Clone(p.titles)
	if p.block != nil {
		b := *p.block
		b.lines, b.trace = slices.Clone(b.lines), slices.Clone(b.trace)
		c.block = &b
	}
	return &c
}

// line parses one raw line: what user space wrote before a timestamp in the
// middle of it is a separate line.
func (p *parser) line(number int, raw []byte) {
	text := strings.TrimRight(string(bytes.ToValidUTF8(raw, []byte("\uFFFD"))), "\r\x00 ")
	start, end := findStamp(text)
	if end > 0 && !p.stamped {
		// What has no timestamp was not the kernel's.
		*p = parser{stamped: true}
	}
	if !p.stamped {
		if at := level.FindStringIndex(text); at != nil {
			text = text[at[1]:]
		}
		p.kernel(line{number, bound(text)})
		return
	}
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
	b := &block{rule: r, start: l.number, died: strings.Contains(l.text, "[#")}
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
	if r.where == atPCFile && len(groups) > 1 {
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
	if p.kinds == nil {
		p.kinds, p.titles = make(map[Kind]int), make(map[string]int)
	}
	p.kinds[e.Kind]++
	p.titles[key]++
	p.events = append(p.events, e)
}
