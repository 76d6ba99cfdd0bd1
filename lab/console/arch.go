package console

import (
	"regexp"
	"strings"
)

// arch is what kernels of one architecture print differently: how they name an
// exception, the function that was running, and the functions that every report
// has in common. Another architecture is another file with such a value.
type arch struct {
	// rules recognise its exceptions. Those that several architectures print
	// alike are among oopses.
	rules []rule
	// pc is the line with the program counter, lr that with the return address;
	// $1 is the function, and nothing if there is none at that address. marks
	// are such that each of these lines contains one.
	pc, lr *regexp.Regexp
	marks  []string
	// trace are the beginnings of the line before the first frame.
	trace []string
	// helpers are functions that report, enter an exception or an interrupt, or
	// switch tasks: a pattern for each.
	helpers []string
}

type reg int

const (
	noReg reg = iota
	pc
	lr
)

var arches = []*arch{&x86, &arm, &riscv}

func archRules() []rule {
	var all []rule
	for _, a := range arches {
		all = append(all, a.rules...)
	}
	return all
}

// register returns the register that the line shows, and the function that it
// points into.
func register(line string) (reg reg, function string) {
	for _, a := range arches {
		for _, mark := range a.marks {
			if !strings.Contains(line, mark) {
				continue
			}
			if m := a.pc.FindStringSubmatch(line); m != nil {
				return pc, m[1]
			}
			if a.lr == nil {
				continue
			}
			if m := a.lr.FindStringSubmatch(line); m != nil {
				return lr, m[1]
			}
		}
	}
	return noReg, ""
}

// beginsTrace reports whether frames follow the line.
func beginsTrace(line string) bool {
	for _, a := range arches {
		for _, t := range a.trace {
			if strings.HasPrefix(line, t) {
				return true
			}
		}
	}
	return false
}

func archHelpers() []string {
	var all []string
	for _, a := range arches {
		all = append(all, a.helpers...)
	}
	return all
}
