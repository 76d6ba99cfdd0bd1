package splice

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/afalg"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

var cipherModules = slices.Concat(afalg.Modules, afalg.Ciphers)

// aead is a transformation of arbitrary data: its key, IV and tag.
type aead struct {
	name    string
	key, iv []byte
	tag     int
}

// aeads are the transformations, by the first word of their cells' names. Two of
// them, made for IPsec, temporarily write next to the data.
var aeads = map[string]aead{
	"gcm":        {"gcm(aes)", make([]byte, 16), make([]byte, 12), 16},
	"ccm":        {"ccm(aes)", make([]byte, 16), append([]byte{3}, make([]byte, 15)...), 16},
	"authenc":    {"authenc(hmac(sha256),cbc(aes))", authencKey(32, 16), make([]byte, 16), 16},
	"authencesn": {"authencesn(hmac(sha256),cbc(aes))", authencKey(32, 16), make([]byte, 16), 16},
}

// authencKey is an all-zero key in the format of authenc: an rtattr with the
// length of the cipher key, then the hash key, then the cipher key.
func authencKey(hash, cipher int) []byte {
	const keyParam = 1 // CRYPTO_AUTHENC_KEYA_PARAM of the kernel's crypto/authenc.h
	k := binary.NativeEndian.AppendUint16(nil, 8)
	k = binary.NativeEndian.AppendUint16(k, keyParam)
	k = binary.BigEndian.AppendUint32(k, uint32(cipher))
	return append(k, make([]byte, hash+cipher)...)
}

var cipherAEAD = kit.Test{
	Name: "TestCipherAEAD", ID: "G3", Family: familyConsumer, Kind: outcome.Invariant,
	Doc: "An AEAD of AF_ALG encrypts or decrypts data spliced from the file: all of it, all but the associated data, or only the last bytes, which are the tag.",
	Steps: []string{
		"Copy nothing, the associated data, or everything but the last 16 bytes to the operation.",
		"Splice the rest from the file.",
		"Receive the result into one buffer, and in a second round into several; decryption ends with EBADMSG, since the file is not authentic ciphertext.",
	},
	Oracle: "After the operations read(2), a fresh mapping and O_DIRECT show the file unchanged; each returned the right count or EBADMSG.",
	Known: []string{
		"authencesn-decrypt is consumer-write on 6.12.43, 6.12.57 and 6.18.15 and unchanged on 5.10, 6.1 and 6.12.117: 4 bytes after the data, where the tag starts, are overwritten.",
		"7.3 only binds ccm(aes), with af_alg_restrict=1.",
	},
	Modules: cipherModules, Fault: kit.FaultSource,
	Cells: kit.Named("gcm-encrypt", "gcm-decrypt", "ccm-encrypt", "ccm-decrypt",
		"authenc-encrypt", "authenc-decrypt", "authencesn-encrypt", "authencesn-decrypt"),
}

func TestCipherAEAD(t *testing.T) {
	kit.Run(t, cipherAEAD, func(c *kit.Cell) {
		name, direction, _ := strings.Cut(c.Shape.Variant, "-")
		how := aeads[name]
		tfm := afalg.Open(c, "aead", how.name).Key(how.key).TagLen(how.tag)
		f := c.File()
		f.Observe(0)
		const assoc = 12 // IPsec with extended sequence numbers has 12
		in := assoc + kit.PageSize
		encrypt := direction == "encrypt"
		if !encrypt {
			in += how.tag
		}
		found := kit.Finding{Outcome: outcome.Snapshot, Detail: "unchanged after each operation"}
		for _, copied := range []int{0, assoc, in - how.tag} {
			for _, scattered := range []bool{false, true} {
				op := tfm.Operation()
				p := c.Pipe()
				p.Splice(f, int64(copied), in-copied)
				op.Begin(encrypt, how.iv, assoc, f.History.Content()[:copied])
				op.Splice(p, in-copied, false)
				n, err := op.Result(buffers(in+how.tag, scattered)...)
				p.CloseRead()
				p.CloseWrite()
				op.Close()
				what := fmt.Sprintf("%s, %s, %d bytes copied and %d spliced", how.name, direction, copied, in-copied)
				switch {
				case encrypt && err != nil, !encrypt && err != nil && !errors.Is(err, unix.EBADMSG):
					c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: what + ": " + kit.ErrnoName(err)}.Worse(f.Views()))
				case encrypt && n != in+how.tag:
					found = kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("%s: %d bytes of result", what, n)}
				case !encrypt && err == nil:
					found = kit.Finding{Outcome: outcome.Foreign, Detail: what + ": accepted as authentic, which it is not"}
				}
			}
		}
		c.Record(found.Worse(f.Views()))
	})
}

// buffers provides n bytes in one buffer, or in several unaligned ones.
func buffers(n int, scattered bool) [][]byte {
	b := make([]byte, n)
	if !scattered {
		return [][]byte{b}
	}
	return [][]byte{b[:5], b[5:12], b[12:1037], b[1037 : n-7], b[n-7:]}
}

var cipherAlias = kit.Test{
	Name: "TestCipherAlias", ID: "G4", Family: familyConsumer, Kind: outcome.Characterisation,
	Doc: "Data is spliced from the file to AF_ALG, the file is overwritten, and then the result is requested: which data was processed?",
	Steps: []string{
		"Splice the file into a cipher or a hash.",
		"Overwrite the file.",
		"Receive the result, and determine in user space which input it belongs to.",
	},
	Known: []string{
		"skcipher and aead are live on 6.12.43, 6.12.57 and 6.18.15, snapshot on 5.10, 6.1, 6.12.117 and, where bound, 7.3; sha256 is a snapshot everywhere.",
	},
	Modules: cipherModules,
	Cells:   atMost(sink.MaxQueued, clean(sink.Names(ciphers)...)),
}

var ciphers = []sink.Sink{sink.AlgSkcipher, sink.AlgAEAD, sink.AlgHash}

func TestCipherAlias(t *testing.T) {
	kit.Run(t, cipherAlias, func(c *kit.Cell) {
		to := sink.Find(c, c.Shape.Variant).Open(c)
		f := c.File()
		p := f.Splice()
		to.Send(p, c.Shape.Span)
		f.Write(0, c.Shape.Span)
		p.JudgeReceived(f, to.Receive(c.Shape.Span), "the operation has no result")
	})
}
