package apt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"pault.ag/go/debian/control"
)

// Keyring are the keys that may sign an archive.
type Keyring = openpgp.EntityList

// armourStart starts an armoured key.
const armourStart = "-----BEGIN PGP PUBLIC KEY BLOCK-----"

// ReadKeys reads a key file, binary or with any number of armoured blocks.
func ReadKeys(text []byte) (Keyring, error) {
	if !bytes.Contains(text, []byte(armourStart)) {
		return openpgp.ReadKeyRing(bytes.NewReader(text))
	}
	// A key in a deb822 field is indented, with a full stop for empty lines.
	var plain bytes.Buffer
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if string(line) == "." {
			line = nil
		}
		plain.Write(line)
		plain.WriteByte('\n')
	}
	var keys Keyring
	blocks := strings.Split(plain.String(), armourStart)
	for _, block := range blocks[1:] {
		found, err := openpgp.ReadArmoredKeyRing(strings.NewReader(armourStart + block))
		if err != nil {
			return nil, err
		}
		keys = append(keys, found...)
	}
	return keys, nil
}

// Release is a verified Release file.
type Release struct {
	Suite   string // as configured
	Archive string // URL of the archive
	Date    time.Time
	Until   time.Time // zero: always valid
	ByHash  bool
	Files   map[string]IndexFile // by path below the suite's directory
}

// IndexFile is how a Release file describes an index.
type IndexFile struct {
	Size   int64 // bytes
	SHA256 string
}

// URL is the URL of a file of the suite.
func (r Release) URL(path string) string {
	return r.Archive + "/dists/" + r.Suite + "/" + path
}

// Archs are the architectures of which the suite has an index, in no particular
// order.
func (r Release) Archs() []string {
	var all []string
	for path := range r.Files {
		name, ok := strings.CutPrefix(path, "main/binary-")
		name, index, _ := strings.Cut(name, "/")
		if ok && name != "all" && strings.HasPrefix(index, "Packages") && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// Verify checks that the text is an InRelease file of the suite, signed by one of
// the keys, and reads it. The error is a *SignatureError or an *UnknownKeyError,
// whose Settings and Package are the caller's to fill. Whether the file has
// expired is not checked.
func (r *Release) Verify(text []byte, keys Keyring, now func() time.Time) error {
	address := r.URL("InRelease")
	block, _ := clearsign.Decode(text)
	if block == nil {
		return &SignatureError{URL: address, Err: errors.New("the file is not signed")}
	}
	signature, err := io.ReadAll(block.ArmoredSignature.Body)
	if err != nil {
		return &SignatureError{URL: address, Err: err}
	}
	config := &packet.Config{Time: now}
	_, _, err = openpgp.VerifyDetachedSignature(keys, bytes.NewReader(block.Bytes), bytes.NewReader(signature), config)
	if errors.Is(err, pgperrors.ErrUnknownIssuer) {
		return &UnknownKeyError{URL: address, Keys: signers(signature)}
	}
	if err != nil {
		return &SignatureError{URL: address, Err: err}
	}
	if err := r.parse(block.Plaintext); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}

// signers lists the key ids in a signature.
func signers(signature []byte) []string {
	var ids []string
	packets := packet.NewReader(bytes.NewReader(signature))
	for {
		p, err := packets.Next()
		if err != nil {
			return ids
		}
		if sig, ok := p.(*packet.Signature); ok && sig.IssuerKeyId != nil {
			ids = append(ids, fmt.Sprintf("%016X", *sig.IssuerKeyId))
		}
	}
}

// parse reads the fields of a Release file.
func (r *Release) parse(text []byte) error {
	reader, err := control.NewParagraphReader(bytes.NewReader(text), nil)
	if err != nil {
		return err
	}
	p, err := reader.Next()
	if err != nil {
		return fmt.Errorf("release file: %w", err)
	}
	field := func(name string) string { return strings.TrimSpace(p.Values[name]) }
	// A mirror could serve another suite's signed file.
	if field("Codename") != r.Suite && field("Suite") != r.Suite {
		return fmt.Errorf("it is for suite %q (%q) instead of %q", field("Suite"), field("Codename"), r.Suite)
	}
	if r.Date, err = parseDate(field("Date")); err != nil {
		return fmt.Errorf("field Date: %w", err)
	}
	if until := field("Valid-Until"); until != "" {
		if r.Until, err = parseDate(until); err != nil {
			return fmt.Errorf("field Valid-Until: %w", err)
		}
	}
	r.ByHash = field("Acquire-By-Hash") == "yes"
	r.Files = map[string]IndexFile{}
	for line := range strings.Lines(p.Values["SHA256"]) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		size, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil || size < 0 || !isSum(fields[0]) {
			return fmt.Errorf("field SHA256: %q is not a digest, a size and a path", strings.TrimSpace(line))
		}
		r.Files[fields[2]] = IndexFile{Size: size, SHA256: fields[0]}
	}
	return nil
}

// parseDate parses a date in the Release format, always in UTC.
func parseDate(text string) (time.Time, error) {
	return time.Parse("Mon, _2 Jan 2006 15:04:05 MST", text)
}
