package source

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// objects counts the objects compiled by earlier makes, as an estimate for the
// next one.
type objects struct {
	config string // digest of the configuration
	all    int    // by a make after a change of configuration, or from scratch
	some   int    // by the last make with an unchanged configuration; 0 if none
}

// expected estimates how many objects a make with this configuration has to
// compile; 0 if unknown.
func (o objects) expected(config string) int {
	if o.config == config {
		return o.some
	}
	return o.all
}

// then returns o updated by a make with this configuration that compiled n.
func (o objects) then(config string, n int) objects {
	if o.config == config {
		return objects{config, o.all, n}
	}
	// A make that continued a killed one compiled only the rest.
	return objects{config, max(o.all, n), 0}
}

// counted reads the file of writeCounted; zero if it is missing or corrupt.
func (p *Prepared) counted() (o objects) {
	if b, err := p.readObject(".objects"); err == nil {
		_, _ = fmt.Sscan(string(b), &o.config, &o.all, &o.some) // best effort
	}
	return o
}

func (p *Prepared) writeCounted(o objects) {
	_ = p.writeObject(".objects", fmt.Append(nil, o.config, " ", o.all, " ", o.some, "\n")) // best effort: only an estimate
}

// tailLines is how many lines of make's output are kept for an error.
const tailLines = 200

// follow reports make's progress towards a total of objects, and returns how
// many it compiled and the end of its output.
func (p *Prepared) follow(r io.Reader, log io.Writer, total int) (done int, end string) {
	var tail []string
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<16), 1<<20)
	for lines.Scan() {
		line := lines.Text()
		fmt.Fprintln(log, line)
		if tail = append(tail, line); len(tail) > tailLines {
			tail = tail[1:]
		}
		words := strings.Fields(line)
		if len(words) < 2 || (words[0] != "CC" && words[0] != "AS") {
			continue
		}
		done++
		if p.builder.OnStep != nil {
			p.builder.OnStep(Step{What: "compiling " + words[len(words)-1], Done: done, Total: total})
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line of over a megabyte must not block make
	return done, strings.Join(tail, "\n")
}
