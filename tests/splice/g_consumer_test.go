package splice

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

const familyConsumer = "G the consumer never writes the source's page cache"

var consumers = []kit.Test{consumer, pipeMerge, cipherAEAD, cipherAlias, ipsec, packetEdit, rxrpcReply, fuseMove}

// ways are all targets that a pipe can be drained into: the sinks, and other
// pipes.
var ways = slices.Concat(sink.All, []sink.Sink{sink.Pipe, sink.Tee})

var consumer = kit.Test{
	Name: "TestConsumer", ID: "G1", Family: familyConsumer, Kind: outcome.Invariant,
	Doc: "Each way out of a pipe, in ordinary use, delivers the spliced data and leaves the source file alone.",
	Steps: []string{
		"Splice the file into a pipe and the pipe into the sink.",
		"Receive at the far end.",
	},
	Oracle:  "The data received is the data spliced; read(2), a fresh mapping and O_DIRECT show the file unchanged.",
	Known:   []string{"unchanged through every sink on 6.12.117, tmpfs, ext4 and btrfs"},
	Modules: sink.Modules(ways),
	Fault:   kit.FaultSource,
	Cells:   atMost(sink.MaxMessage, kit.Named(sink.Names(ways)...)),
}

func TestConsumer(t *testing.T) {
	kit.Run(t, consumer, func(c *kit.Cell) {
		i := slices.IndexFunc(ways, func(s sink.Sink) bool { return s.Name == c.Shape.Variant })
		to := ways[i].Open(c)
		f := c.File()
		p := f.Splice()
		to.Send(p, c.Shape.Span)
		p.JudgeReceived(f, to.Receive(c.Shape.Span), "nothing arrived")
	})
}
