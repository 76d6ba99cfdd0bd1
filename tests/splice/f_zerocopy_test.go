package splice

import (
	"fmt"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

var zerocopySinks = map[string]sink.Sink{
	"open": sink.TCP, "closed": sink.TCPClosed, "udp": sink.UDP, "cork": sink.UDPCork,
}

var zerocopy = kit.Test{
	Name: "TestZerocopy", ID: "F8", Family: familySockets, Kind: outcome.Characterisation,
	Doc: "MSG_ZEROCOPY from a mapping of the file, which is overwritten before the receiver reads: over TCP with an open and a closed window, over UDP, and over corked UDP; the covariate zerocopy_copied is the flag in the notification.",
	Steps: []string{
		"Map the file, and send from the mapping with MSG_ZEROCOPY.",
		"Wait until the data is queued at its destination.",
		"Overwrite the file's first bytes.",
		"Receive, and check in the error queue whether the kernel copied.",
	},
	Known: []string{"over TCP live with a closed window and snapshot with an open one, on 5.10, 6.1, 6.12, 6.18 and 7.3", "snapshot over UDP, corked or not, on the same", "the notification says copied in every cell: loopback copies at delivery"},
	Cells: withinBuffer(kit.Varied([]string{"open", "closed", "udp", "cork"}, kit.Large())),
}

func TestZerocopy(t *testing.T) {
	kit.Run(t, zerocopy, func(c *kit.Cell) {
		pair := zerocopySinks[c.Shape.Variant].Pair(c)
		f := c.File()
		p := mapped(c, f)
		lost := sink.ChecksumErrors()
		sends := pair.SendZerocopy(sink.MapShared(c, f, c.Shape.Span))
		pair.Await()
		f.Write(0, c.Shape.Span)
		got := pair.Receive(c.Shape.Span)
		c.Attr("zerocopy_copied", pair.Notified(sends))
		p.JudgeReceived(f, got, fmt.Sprintf("nothing arrived, InCsumErrors went from %d to %d", lost, sink.ChecksumErrors()))
	})
}

// withinBuffer limits the cells to what the sender's buffer takes without copying.
// While the window is closed TCP cuts the data into packets of some 500 bytes, and
// charges a whole page for each.
func withinBuffer(shapes []kit.Shape) []kit.Shape {
	// 16 KiB are 31 packets; a buffer of 416 KiB has 104 pages of 4 KiB and 26 of 16 KiB.
	most := 64 << 20 / kit.PageSize
	for i := range shapes {
		if shapes[i].Variant == "closed" {
			shapes[i].Span = min(shapes[i].Span, most)
		}
	}
	return atMost(sink.MaxMessage, shapes)
}

// mapped replaces the pipe when the beginning of the file is sent from a mapping:
// the delivered data is judged in the same way.
func mapped(c *kit.Cell, f *kit.File) *kit.Pipe {
	c.T.Helper()
	f.Observe(0)
	f.History.Splice()
	p := c.Pipe()
	p.Spliced(0, c.Shape.Span)
	return p
}

var sendRing = kit.Test{
	Name: "TestSendRing", ID: "F9", Family: familySockets, Kind: outcome.Characterisation, Priority: 1,
	Doc: "io_uring's SEND_ZC from a mapping of the file, which is overwritten before the receiver reads: over TCP with an open and a closed window.",
	Steps: []string{
		"Map the file, and send from the mapping by SEND_ZC.",
		"Wait until the data is queued at its destination.",
		"Overwrite the file's first bytes.",
		"Receive, and check in the notification whether the kernel copied.",
	},
	Needs: []string{"io_uring SEND_ZC"},
	Known: []string{"live with a closed window and snapshot with an open one, on 6.1, 6.12, 6.18 and 7.3", "not supported on 5.10"},
	Cells: withinBuffer(kit.Named("open", "closed")),
}

func TestSendRing(t *testing.T) {
	kit.Run(t, sendRing, func(c *kit.Cell) {
		pair := zerocopySinks[c.Shape.Variant].Pair(c)
		f := c.File()
		p := mapped(c, f)
		sent := pair.SendRing(sink.MapShared(c, f, c.Shape.Span))
		pair.Await()
		f.Write(0, c.Shape.Span)
		got := pair.Receive(c.Shape.Span)
		c.Attr("zerocopy_copied", sent.Notified())
		p.JudgeReceived(f, got, "nothing arrived")
	})
}
