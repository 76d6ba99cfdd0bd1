package console

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
)

var (
	// traceLine is a frame; arm also has "(FUNC) from" and "FUNC from".
	traceLine = regexp.MustCompile(`^ *(?:\[<[0-9a-f]+>\] )?\(?([A-Za-z_][\w.]*)(?:\+0x[0-9a-f]+/0x[0-9a-f]+|\)? from )`)
	// access has no size where tags are checked by hardware.
	access = regexp.MustCompile(`^(Read|Write) (?:of size \d+ )?at addr`)
)

// maxBlockLines is how many lines after the first may say where an event
// happened. Later ones belong to something else that no rule knows.
const maxBlockLines = 500

// block is an event whose lines are still arriving.
type block struct {
	rule     rule
	title    string
	file     string // for atPCFile
	start    int
	lines    []string
	pc, lr   string
	wild     bool // the program counter points into no function
	trace    []string
	tracing  bool
	read     int    // lines after the first
	died     bool   // an oops has printed "[#1]"
	accessed string // KASAN: "Read" or "Write"
}

// continues reports whether a line that would begin an event by rule r only
// adds to the current one.
func (b *block) continues(r rule, text string) bool {
	switch {
	case r.die && b.rule.kind == Oops && !b.died:
		b.died = true
		return true
	case r.follows && b.rule.kind == r.kind:
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
	if b.read++; b.read > maxBlockLines {
		return
	}
	switch {
	case beginsTrace(l.text):
		b.tracing = true
	case b.accessed == "" && b.rule.kind == Sanitizer && access.MatchString(l.text):
		b.accessed = access.FindStringSubmatch(l.text)[1]
	case b.tracing && len(b.trace) < maxExcerptLines:
		if m := traceLine.FindStringSubmatch(l.text); m != nil {
			b.trace = append(b.trace, m[1])
			return
		}
	}
	switch r, function := register(l.text); {
	case r == pc && b.pc == "" && !b.wild:
		b.pc, b.wild = function, function == ""
	case r == lr && b.lr == "":
		b.lr = function
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
	case atPC, atPCFile:
		at, from := first([]string{b.pc}), first([]string{b.lr})
		if b.wild {
			// Somebody called what is no function. A frame has the return
			// address of its function, so the caller is in no frame.
			at = from
		}
		place = cmp.Or(at, first(b.trace), from, b.file)
	case atTrace:
		place = first(b.trace)
	}
	if place != "" {
		title += " in " + place
	}
	return title
}
