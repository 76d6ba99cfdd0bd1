package progress

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// Search is the state of a bisection.
type Search struct {
	Good       string  `json:"good"`       // the last good subject, a kernel's release or a commit
	Bad        string  `json:"bad"`        // the first bad one
	Between    int     `json:"between"`    // undecided ones
	Step       int     `json:"step"`       // of about Steps, from 1
	Steps      int     `json:"steps"`      // more if subjects cannot be tested
	Confidence float64 `json:"confidence"` // that all good ones are good, so far
	Subject    string  `json:"subject"`    // what is tried now
	Tried      int     `json:"tried"`      // how often it was tried
	Need       int     `json:"need"`       // after how many attempts it counts as good; 0: not known yet

	// Where Good, Bad and Subject are between the two ends, 0 to 1; At is -1 if
	// that is not known.
	Low, High, At float64 `json:"-"`
}

// Searching shows the state of a bisection: on a terminal it is redrawn. In a
// log the lines about decisions are enough.
func (p *Progress) Searching(s Search) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range []*string{&s.Good, &s.Bad, &s.Subject} {
		*text = sanitize.Line(*text)
	}
	now := p.now()
	p.tally.begin(now)
	p.tally.search = &s
	p.draw()
	if p.objects != nil && !p.closed {
		p.objects.write(p.tally.object("bisect", now))
	}
}

// pictureWidth is the width of a search's picture, without its ends.
const pictureWidth = 24

// picture is "[gggg···?····bbbb]": what is known to be good and bad, what is
// between, and where the subject is.
func (s Search) picture() string {
	cell := func(x float64) int { return min(pictureWidth, max(0, int(x*pictureWidth+0.5))) }
	low, high := cell(s.Low), cell(s.High)
	if s.Between > 0 && high <= low { // what is left is not nothing
		low, high = min(low, pictureWidth-1), min(low, pictureWidth-1)+1
	}
	cells := strings.Split(strings.Repeat("g", low)+strings.Repeat(".", max(0, high-low))+strings.Repeat("b", pictureWidth-max(low, high)), "")
	if s.At >= 0 {
		cells[min(cell(s.At), pictureWidth-1)] = "?"
	}
	return "[" + strings.Join(cells, "") + "]"
}

// fitting is the state in at most width columns: the least important parts are
// omitted first.
func (s Search) fitting(width int) string {
	step := fmt.Sprintf("step %d of about %d", s.Step, s.Steps)
	left := fmt.Sprintf(", %d left", s.Between)
	sure := ""
	if s.Confidence > 0 {
		sure = fmt.Sprintf(", %.1f %% sure", 100*s.Confidence)
	}
	trying := "; trying " + s.Subject
	tries := ""
	if s.Need > 0 {
		tries = fmt.Sprintf(" (%d of up to %d)", s.Tried, max(s.Need, s.Tried))
	}
	ends := s.Good + " " + s.picture() + " " + s.Bad + ": "
	for _, line := range []string{
		ends + step + left + sure + trying + tries,
		ends + step + left + sure + trying,
		ends + step + left + trying,
		s.picture() + " " + step + left + trying + tries,
		s.picture() + " " + step + left + trying,
		s.picture() + " " + step + trying,
		s.picture() + " " + step,
	} {
		if runewidth.StringWidth(line) <= width {
			return line
		}
	}
	return runewidth.Truncate(step+trying, max(width, 0), "")
}
