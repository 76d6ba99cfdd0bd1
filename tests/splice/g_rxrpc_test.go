package splice

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/rxrpc"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

var rxrpcReply = kit.Test{
	Name: "TestRxRPC", ID: "G7", Family: familyConsumer, Kind: outcome.Invariant, Priority: 1,
	Doc: "Data spliced from the file is the reply to an AF_RXRPC call, whose security level decrypts nothing of a packet (plain), its beginning (auth), or all of it (encrypt).",
	Steps: []string{
		"Make a call with an rxkad key to a UDP socket; derive the reply's header from the request's.",
		"Send that header and, spliced from the file, the reply's data, in one datagram.",
		"Receive the reply; the client must reject it if it has to decrypt it, since it was not encrypted.",
	},
	Oracle: "The data received is the data spliced or, with auth and encrypt, nothing; read(2), a fresh mapping and O_DIRECT show the file unchanged.",
	Known: []string{
		"auth and encrypt are consumer-write on 6.12.57 and 6.18.15 on tmpfs, ext4, xfs and btrfs: the spliced pages are decrypted in place. They are unchanged on 5.10, 6.1, 6.12.117 and 7.3.",
		"Of Debian's kernels the generic flavour has the module; the cloud flavour does not.",
		"On arm64 and riscv64 6.12.117 crashes, with pages of 4 and 16 KiB: an oops below crypto_pcbc_encrypt when rxkad_secure_packet encrypts the request's checksum, before anything is spliced.",
	},
	Needs:   []string{"AF_RXRPC with rxkad"},
	Modules: rxrpc.Modules, Guest: true,
	Fault: kit.FaultSource,
	Cells: atMost(sink.MaxMessage, kit.Named("plain", "auth", "encrypt")),
}

func TestRxRPC(t *testing.T) {
	kit.Run(t, rxrpcReply, func(c *kit.Cell) {
		level := map[string]rxrpc.Level{"plain": rxrpc.Plain, "auth": rxrpc.Auth, "encrypt": rxrpc.Encrypt}[c.Shape.Variant]
		call := rxrpc.Dial(c, level)
		f := c.File()
		p := f.Splice()
		if err := unix.Send(call.Reply.Out, call.Header, unix.MSG_MORE); err != nil {
			c.Infra("send the header: %s", kit.ErrnoName(err))
		}
		call.Reply.Splice(p, c.Shape.Span)
		got, accepted := call.Receive(c.Shape.Span)
		switch {
		case level == rxrpc.Plain && accepted:
			p.JudgeReceived(f, got, "an empty reply was received")
		case level == rxrpc.Plain:
			c.Conclude(kit.Finding{Outcome: outcome.Dropped, Never: true, Detail: "the client rejected a valid reply"}.Worse(f.Views()))
		case accepted:
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: "the client accepted a reply that was never encrypted"}.Worse(f.Views()))
		default:
			c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "the client rejected the reply, as expected"}.Worse(f.Views()))
		}
	})
}
