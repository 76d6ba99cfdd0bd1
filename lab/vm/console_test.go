package vm

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// A console agrees with a plain copy of everything, trimmed by hand.
func TestConsoleKeepsHeadAndTail(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{2, 3, 7, 10, 64, 1001} {
		c := NewConsole(limit)
		head, tail := limit/2, limit-limit/2
		var all []byte
		for range 200 {
			p := make([]byte, rng.IntN(3*limit))
			for i := range p {
				p[i] = byte('a' + rng.IntN(26))
			}
			if n, err := c.Write(p); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
			all = append(all, p...)
			if c.Mark() != int64(len(all)) {
				t.Fatalf("limit %d: mark %d after %d bytes", limit, c.Mark(), len(all))
			}
			mark := rng.IntN(len(all) + 1)
			if got, want := c.Since(int64(mark)), expect(all, mark, head, tail); !bytes.Equal(got, want) {
				t.Fatalf("limit %d, %d bytes, since %d:\n got %q\nwant %q", limit, len(all), mark, got, want)
			}
			if got, want := c.Bytes(), expect(all, 0, head, tail); !bytes.Equal(got, want) {
				t.Fatalf("limit %d, %d bytes:\n got %q\nwant %q", limit, len(all), got, want)
			}
		}
		if got := c.Since(-5); !bytes.Equal(got, c.Bytes()) {
			t.Error("a mark before the beginning is not the beginning")
		}
		if got := c.Since(c.Mark() + 5); len(got) != 0 {
			t.Errorf("beyond the end there is %q", got)
		}
	}
}

func expect(all []byte, mark, head, tail int) []byte {
	if len(all) <= head+tail {
		return all[mark:]
	}
	var out []byte
	if mark < head {
		out = append(out, all[mark:head]...)
		mark = head
	}
	if oldest := len(all) - tail; mark < oldest {
		out = fmt.Appendf(out, "\n[splicelab: %d bytes of output dropped here]\n", oldest-mark)
		mark = oldest
	}
	return append(out, all[mark:]...)
}

type brokenWriter struct{ writes int }

func (w *brokenWriter) Write([]byte) (int, error) {
	w.writes++
	return 0, errors.New("broken")
}

func TestConsoleTee(t *testing.T) {
	c := NewConsole(100)
	_, _ = c.Write([]byte("before "))
	var out bytes.Buffer
	c.Tee(&out)
	_, _ = c.Write([]byte("during "))
	broken := new(brokenWriter)
	c.Tee(broken)
	_, _ = c.Write([]byte("broken "))
	_, _ = c.Write([]byte("after"))
	if out.String() != "during " || broken.writes != 1 {
		t.Errorf("tee got %q, the broken one %d writes", out.String(), broken.writes)
	}
	if string(c.Bytes()) != "before during broken after" {
		t.Errorf("kept %q", c.Bytes())
	}
}

// Readers see consistent states while a writer floods; -race watches.
func TestConsoleConcurrent(t *testing.T) {
	c := NewConsole(1 << 10)
	line := []byte("0123456789\n")
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 20000 {
			_, _ = c.Write(line)
		}
	})
	for range 2 {
		wg.Go(func() {
			for range 200 {
				mark := c.Mark()
				if got := c.Since(mark); len(got) > 1<<10+100 {
					t.Errorf("%d bytes kept", len(got))
				}
				if c.Mark() < mark {
					t.Error("the offsets went backwards")
				}
			}
		})
	}
	wg.Wait()
	if c.Mark() != int64(20000*len(line)) {
		t.Errorf("mark %d", c.Mark())
	}
}

// The console must be faster than any guest, or it would slow the guest down.
func BenchmarkConsoleFlood(b *testing.B) {
	c := NewConsole(1 << 20)
	p := bytes.Repeat([]byte("flood"), 64<<10/5)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		_, _ = c.Write(p)
	}
}
