package sink

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/afalg"
)

var algModules = slices.Concat(afalg.Modules, afalg.Ciphers)

// AlgSkcipher encrypts its input; the receiver decrypts it in user space to
// recover the kernel cipher's input.
var AlgSkcipher = Sink{
	Name: "alg-skcipher", Doc: "AF_ALG cbc(aes), which reads its input when the result is requested", Modules: algModules,
	Open: func(c *kit.Cell) Conn {
		return &algSkcipher{c, afalg.Open(c, "skcipher", "cbc(aes)").Key(algKey).Operation()}
	},
}

// AlgAEAD is AlgSkcipher with authentication.
var AlgAEAD = Sink{
	Name: "alg-aead", Doc: "AF_ALG gcm(aes), which reads its input when the result is requested", Modules: algModules,
	Open: func(c *kit.Cell) Conn {
		return &algAEAD{c, afalg.Open(c, "aead", "gcm(aes)").Key(algKey).TagLen(algTag).Operation()}
	},
}

// AlgHash hashes its input. Its output is the pipe's content, as of the send or as
// of the receive, whichever has the kernel's digest.
var AlgHash = Sink{
	Name: "alg-hash", Doc: "AF_ALG sha256", Modules: algModules,
	Open: func(c *kit.Cell) Conn {
		return &algHash{c: c, op: afalg.Open(c, "hash", "sha256").Operation()}
	},
}

// The key and the IV of every cell; they are not secret.
var (
	algKey = []byte("splice coherence")
	algIV  = []byte("of spliced pages")
)

const algTag = 16

type algSkcipher struct {
	c  *kit.Cell
	op *afalg.Operation
}

func (a *algSkcipher) Send(p *kit.Pipe, n int) {
	a.c.T.Helper()
	a.op.Begin(true, algIV, 0, nil)
	a.op.Splice(p, n, false)
}

func (a *algSkcipher) Receive(n int) []byte {
	a.c.T.Helper()
	got := make([]byte, n)
	m, err := a.op.Result(got)
	if err != nil {
		a.c.Failed("recv from cbc(aes)", err)
	}
	got = got[:m]
	if whole := m - m%aes.BlockSize; whole > 0 {
		cipher.NewCBCDecrypter(block(a.c), algIV).CryptBlocks(got[:whole], got[:whole])
	}
	return got
}

func block(c *kit.Cell) cipher.Block {
	b, err := aes.NewCipher(algKey)
	if err != nil {
		c.Infra("%v", err)
	}
	return b
}

type algAEAD struct {
	c  *kit.Cell
	op *afalg.Operation
}

func (a *algAEAD) Send(p *kit.Pipe, n int) {
	a.c.T.Helper()
	a.op.Begin(true, algIV[:12], 0, nil)
	a.op.Splice(p, n, false)
}

func (a *algAEAD) Receive(n int) []byte {
	a.c.T.Helper()
	got := make([]byte, n+algTag)
	m, err := a.op.Result(got)
	if err != nil {
		a.c.Failed("recv from gcm(aes)", err)
	}
	aead, err := cipher.NewGCM(block(a.c))
	if err != nil {
		a.c.Infra("%v", err)
	}
	plain, err := aead.Open(nil, algIV[:12], got[:m], nil)
	if err != nil {
		a.c.Conclude(kit.Finding{Outcome: outcome.Foreign, Detail: "the ciphertext of gcm(aes) does not authenticate"})
	}
	return plain
}

type algHash struct {
	c      *kit.Cell
	op     *afalg.Operation
	before []byte
	later  *kit.Pipe
}

func (a *algHash) Send(p *kit.Pipe, n int) {
	a.c.T.Helper()
	now := a.c.Pipe()
	a.tee(p, now, n)
	a.before = take(a.c, now, n)
	a.later = a.c.Pipe()
	a.tee(p, a.later, n)
	a.op.Splice(p, n, false)
}

func (a *algHash) tee(from, to *kit.Pipe, n int) {
	a.c.T.Helper()
	m, err := unix.Tee(from.R, to.W, n, unix.SPLICE_F_NONBLOCK)
	switch {
	case err != nil:
		a.c.Failed("tee", err)
	case int(m) != n:
		a.c.Infra("tee: %d of %d bytes", m, n)
	}
}

// take reads the n bytes in a pipe.
func take(c *kit.Cell, p *kit.Pipe, n int) []byte {
	b := make([]byte, n)
	if m, err := unix.Read(p.R, b); err != nil || m != n {
		c.Infra("read from the tee: %d of %d bytes, %v", m, n, err)
	}
	return b
}

func (a *algHash) Receive(n int) []byte {
	a.c.T.Helper()
	got := make([]byte, sha256.Size)
	m, err := a.op.Result(got)
	if err != nil {
		a.c.Failed("recv from sha256", err)
	}
	for _, b := range [][]byte{a.before, take(a.c, a.later, n)} {
		if sum := sha256.Sum256(b); bytes.Equal(sum[:], got[:m]) {
			return b
		}
	}
	return got[:m] // the digest matches nothing that was ever in the pipe
}
