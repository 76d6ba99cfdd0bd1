package splice

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/afalg"
)

var algRestrict = kit.Test{
	Name: "TestAlgRestrict", ID: "J5", Family: familyMeta, Kind: outcome.Characterisation, Priority: 1,
	Doc: "Whether the kernel can restrict AF_ALG, the current setting, and which kinds of algorithm root and another user then get.",
	Steps: []string{
		"As root and as an unprivileged user, bind a socket to a hash, a cipher and an AEAD.",
		"Read /proc/sys/crypto/af_alg_restrict, which few kernels have, and only once AF_ALG is loaded.",
	},
	Oracle: "the switch is absent, or a number; the result of each bind is the detail and the attributes root and user, and none of them is wrong",
	Known: []string{
		"absent on 5.10, 6.1, 6.12 and 6.18 of Debian, where any user gets all three kinds",
		"1 on 7.3 of Debian: root gets hash and cipher, the AEAD is ENOENT; another user gets none",
	},
	Modules: slices.Concat(afalg.Modules, afalg.Ciphers),
	Fault:   kit.FaultObservation,
	Guest:   true, // a bind loads modules
}

// algKinds are an algorithm of each kind that AF_ALG has.
var algKinds = []unix.SockaddrALG{
	{Type: "hash", Name: "sha256"},
	{Type: "skcipher", Name: "cbc(aes)"},
	{Type: "aead", Name: "gcm(aes)"},
}

func TestAlgRestrict(t *testing.T) {
	kit.Run(t, algRestrict, func(c *kit.Cell) {
		// Root goes first and loads the modules for both users.
		root, user := bindAll(), ""
		if err := asNobody(func() error { user = bindAll(); return nil }); err != nil {
			c.Infra("%v", err)
		}
		const path = "/proc/sys/crypto/af_alg_restrict"
		b, err := os.ReadFile(path)
		set := strings.TrimSpace(string(b))
		switch err = c.SawError(err); {
		case errors.Is(err, os.ErrNotExist):
			set = "absent"
		case err != nil:
			c.Conclude(kit.Finding{Outcome: outcome.Error, Never: true, Detail: fmt.Sprintf("read %s: %v", path, err)})
		default:
			if _, err := strconv.Atoi(set); err != nil {
				c.Conclude(kit.Finding{Outcome: outcome.Error, Never: true, Detail: fmt.Sprintf("%s is %q, which is not a number", path, set)})
			}
		}
		c.Attr("af_alg_restrict", set)
		c.Attr("root", root)
		c.Attr("user", user)
		c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("af_alg_restrict: %s; root: %s; another user: %s", set, root, user)})
	})
}

// bindAll reports for each kind of algorithm whether this thread may bind it.
func bindAll() string {
	var said []string
	for _, a := range algKinds {
		said = append(said, a.Type+" "+bindTo(a))
	}
	return strings.Join(said, ", ")
}

func bindTo(a unix.SockaddrALG) string {
	fd, err := unix.Socket(unix.AF_ALG, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "socket " + kit.ErrnoName(err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.Bind(fd, &a); err != nil {
		return kit.ErrnoName(err)
	}
	return "ok"
}
