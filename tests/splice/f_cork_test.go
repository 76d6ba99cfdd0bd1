package splice

import (
	"fmt"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

var udpCork = kit.Test{
	Name: "TestUDPCork", ID: "F6", Family: familySockets, Kind: outcome.Characterisation,
	Doc: "A datagram waits in a corked socket while the file is overwritten; then it is sent and received.",
	Steps: []string{
		"Cork a UDP socket, and splice the file's first bytes to it.",
		"Overwrite that range in the file.",
		"Uncork the socket, which sends the datagram, and receive it.",
	},
	Known: []string{"dropped for a bad checksum on 5.10, 6.12, 6.18 and 7.3, snapshot on 6.1"},
	Cells: atMost(sink.MaxMessage, kit.Sweep()),
}

func TestUDPCork(t *testing.T) {
	kit.Run(t, udpCork, func(c *kit.Cell) { queued(c, sink.UDPCork, true) })
}

var udpFragments = kit.Test{
	Name: "TestUDPFragments", ID: "F7", Family: familySockets, Kind: outcome.Invariant,
	Doc: "A corked datagram of spliced fragments of unaligned lengths arrives: the checksum over them is right, whether they are moved to the socket by one splice or one by one.",
	Steps: []string{
		"Splice consecutive ranges of unaligned lengths from the file into a pipe.",
		"Cork a UDP socket, and splice the pipe to it, all at once or a fragment at a time.",
		"Uncork the socket, and receive the datagram.",
	},
	Oracle: "the datagram arrives, and every byte is from the file; nothing was changed, so a bad checksum is the kernel's own",
	Known:  []string{"together: dropped for a bad checksum on 6.18.15, snapshot on 5.10, 6.1, 6.12 and 7.3", "apart: snapshot on all five"},
	Cells:  kit.Named("together", "apart"),
}

func TestUDPFragments(t *testing.T) {
	kit.Run(t, udpFragments, func(c *kit.Cell) {
		conn := sink.UDPCork.Open(c)
		f := c.File()
		f.Observe(0)
		p := c.Pipe()
		lengths := []int{1, 63, 513, 1023, min(kit.PageSize, sink.MaxMessage) + 1, 2047, 7}
		total := 0
		for _, n := range lengths {
			p.Splice(f, int64(total), n)
			total += n
		}
		lost := sink.ChecksumErrors()
		if c.Shape.Variant == "together" {
			conn.Send(p, total)
		} else {
			for _, n := range lengths {
				conn.Send(p, n)
			}
		}
		got := conn.Receive(total)
		p.JudgeReceived(f, got, fmt.Sprintf("nothing arrived, InCsumErrors went from %d to %d", lost, sink.ChecksumErrors()))
	})
}
