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
	Doc: "MSG_ZEROCOPY of a mapping of the file, which is overwritten before the receiver reads: over TCP with an open window and a closed one, over UDP, and over corked UDP; the covariate zerocopy_copied is what the notification says.",
	Steps: []string{
		"Map the file, and send from the mapping with MSG_ZEROCOPY.",
		"Wait until the data lies where the socket keeps it.",
		"Overwrite the file's first bytes.",
		"Receive, and read from the error queue whether the kernel had copied.",
	},
	Known: []string{"over TCP live with a closed window and snapshot with an open one, on 5.10, 6.1, 6.12, 6.18 and 7.3", "snapshot over UDP, corked or not, on the same", "copied, says the notification, in every cell: loopback copies at delivery"},
	Cells: kit.Varied([]string{"open", "closed", "udp", "cork"}, kit.Large()),
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

// mapped stands for a pipe where the file's first bytes are sent from a
// mapping instead: what is delivered is judged alike.
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
	Doc: "io_uring's SEND_ZC of a mapping of the file, which is overwritten before the receiver reads: over TCP with an open window and a closed one.",
	Steps: []string{
		"Map the file, and send from the mapping by SEND_ZC.",
		"Wait until the data lies where the socket keeps it.",
		"Overwrite the file's first bytes.",
		"Receive, and read from the notification whether the kernel had copied.",
	},
	Needs: []string{"io_uring SEND_ZC"},
	Known: []string{"live with a closed window and snapshot with an open one, on 6.1, 6.12, 6.18 and 7.3", "not there on 5.10"},
	Cells: kit.Named("open", "closed"),
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
