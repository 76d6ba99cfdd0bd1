package source

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// objects is how many objects makes compiled, which is how many the next one is
// thought to.
type objects struct {
	config string // digest of the configuration
	all    int    // with another configuration before it, or with nothing
	some   int    // the last one with the same configuration; 0 where there was none
}

// expected is what a make with this configuration has to compile; 0 is not known.
func (o objects) expected(config string) int {
	if o.config == config {
		return o.some
	}
	return o.all
}

// then is o after a make with this configuration that compiled n.
func (o objects) then(config string, n int) objects {
	if o.config == config {
		return objects{config, o.all, n}
	}
	// One that went on from a killed one did only the rest.
	return objects{config, max(o.all, n), 0}
}

// counted reads what writeCounted wrote; nothing where that is not there.
func (p *Prepared) counted() (o objects) {
	if b, err := os.ReadFile(filepath.Join(p.obj, ".objects")); err == nil {
		_, _ = fmt.Sscan(string(b), &o.config, &o.all, &o.some) // what is corrupt is no estimate
	}
	return o
}

func (p *Prepared) writeCounted(o objects) {
	_ = os.WriteFile(filepath.Join(p.obj, ".objects"), fmt.Append(nil, o.config, " ", o.all, " ", o.some, "\n"), 0o644) // without it there is no estimate
}

// tailLines is how much of make's output is kept for an error.
const tailLines = 200

// follow tells how far make is of some total of objects, and returns how many
// it compiled and the end of what it wrote.
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
		if p.builder.Told != nil {
			p.builder.Told(Step{What: "compiling " + words[len(words)-1], Done: done, Total: total})
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line of over a megabyte ends the scan, not make
	return done, strings.Join(tail, "\n")
}
