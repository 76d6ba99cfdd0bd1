package splice

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

var tlsRecord = kit.Test{
	Name: "TestTLSRecord", ID: "F11", Family: familySockets, Kind: outcome.Characterisation, Priority: 1,
	Doc: "A part of a TLS record is spliced from the file to a kernel TLS socket, the file is overwritten, and then the record is completed; in the closed cells it was complete before, and in the unchanged cells nothing is overwritten.",
	Steps: []string{
		"Give both ends of a TCP connection the keys of a TLS session.",
		"Splice the file into it with SPLICE_F_MORE, which leaves the record open.",
		"Overwrite the file, and send one more byte, which completes the record.",
		"Receive, which decrypts.",
	},
	Oracle: "Every byte is in the history of its offset; the record authenticates, whatever its content; the source contains what was written to it.",
	Known: []string{
		"An open record is live on 6.12, 6.18 and 7.3, with both versions of TLS, and a snapshot on 6.1; a closed one is a snapshot.",
		"On 6.12.117 the same on tmpfs, ext4 and btrfs.",
		"Every record authenticated.",
	},
	Modules: sink.TLS12.Modules,
	Cells:   atMost(halfRecord, clean("tls12-open", "tls12-unchanged", "tls13-open", "tls13-closed", "tls13-unchanged")),
}

// halfRecord is half of a record's capacity.
const halfRecord = 8 << 10

func TestTLSRecord(t *testing.T) {
	kit.Run(t, tlsRecord, func(c *kit.Cell) {
		version, variant, _ := strings.Cut(c.Shape.Variant, "-")
		s := sink.Find(c, version).Pair(c)
		f := c.File()
		p := f.Splice()
		s.SpliceMore(p, c.Shape.Span)
		if variant == "closed" {
			complete(c, s)
		}
		c.Attr("record_open", map[bool]string{true: "no", false: "yes"}[s.Readable()])
		if variant != "unchanged" {
			f.Write(0, c.Shape.Span)
		}
		if variant != "closed" {
			complete(c, s)
		}
		got := receiveRecord(c, s, c.Shape.Span+1)
		if !slices.Equal(got[max(0, len(got)-1):], closing) {
			c.Conclude(kit.Finding{Outcome: outcome.Foreign, Detail: "the byte that completed the record is not the last one received"})
		}
		p.JudgeReceived(f, got[:len(got)-1], "only the last byte was received")
	})
}

// closing is the byte that completes a record; it is not in the pattern.
var closing = []byte{0}

// complete closes the record and waits until it can be received.
func complete(c *kit.Cell, s *sink.Pair) {
	if n, err := unix.Write(s.Out, closing); err != nil || n != len(closing) {
		c.Infra("complete the record: %d bytes, %v", n, err)
	}
	if !sink.Poll(s.Readable) {
		c.Conclude(kit.Finding{Outcome: outcome.Dropped, Never: true, Detail: "the record was completed but did not arrive"})
	}
}

// receiveRecord receives n bytes. EBADMSG (authentication failure) is wrong under
// every policy: the kernel must authenticate exactly what it encrypts.
func receiveRecord(c *kit.Cell, s *sink.Pair, n int) []byte {
	got, end := make([]byte, n+1), 0
	sink.Poll(func() bool {
		m, _, err := unix.Recvfrom(s.In, got[end:], 0)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			return end >= n
		case errors.Is(err, unix.EBADMSG):
			c.Conclude(kit.Finding{Outcome: outcome.Dropped, Never: true, Detail: "the record does not authenticate: EBADMSG"})
		case err != nil:
			c.Failed("receive", err)
		}
		end += m
		return m == 0 || end > n
	})
	return got[:end]
}
