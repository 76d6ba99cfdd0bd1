package exec

import "fmt"

// excerptHalf is how much of each end of a guest's text is kept, in bytes.
const excerptHalf = 32 << 10

// excerpt collects text of unknown length in bounded memory: its beginning
// and its end, with a note of what was dropped between.
type excerpt struct {
	head, tail []byte
	dropped    int64
}

func (e *excerpt) empty() bool { return len(e.head) == 0 }

func (e *excerpt) add(s string) {
	if room := excerptHalf - len(e.head); room > 0 {
		n := min(room, len(s))
		e.head = append(e.head, s[:n]...)
		s = s[n:]
	}
	e.tail = append(e.tail, s...)
	if over := len(e.tail) - excerptHalf; over > excerptHalf { // trim seldom: moving is what costs
		e.dropped += int64(over)
		e.tail = append(e.tail[:0], e.tail[over:]...)
	}
}

func (e *excerpt) String() string {
	tail, dropped := e.tail, e.dropped
	if over := len(tail) - excerptHalf; over > 0 {
		dropped += int64(over)
		tail = tail[over:]
	}
	if dropped == 0 {
		return string(e.head) + string(tail)
	}
	return fmt.Sprintf("%s\n[… %d bytes left out …]\n%s", e.head, dropped, tail)
}
