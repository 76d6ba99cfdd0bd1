package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"pault.ag/go/debian/control"

	"github.com/splicelab/splicelab/internal/osfile"
)

// keyring are the keys that may sign an archive.
type keyring = openpgp.EntityList

// keyring reads the configured keys, or the host's.
func (s *Source) keyring() (keyring, error) {
	files, inline := s.cfg.Keyring, []string(nil)
	if len(files) == 0 {
		files, inline = s.apt.keyrings, s.apt.keys
	}
	var keys keyring
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, badSetting("keyring", "%s", err)
		}
		found, err := readKeys(text)
		if err != nil {
			return nil, badSetting("keyring", "%s: %s", path, err)
		}
		keys = append(keys, found...)
	}
	for _, text := range inline {
		found, err := readKeys([]byte(text))
		if err != nil {
			return nil, badSetting("keyring", "Signed-By in apt's sources: %s", err)
		}
		keys = append(keys, found...)
	}
	if len(keys) == 0 {
		return nil, badSetting("keyring", "no archive keys on this host: install the package debian-archive-keyring, or set it to a file with the archive's keys")
	}
	return keys, nil
}

// armourStart starts an armoured key.
const armourStart = "-----BEGIN PGP PUBLIC KEY BLOCK-----"

// readKeys reads a key file, binary or with any number of armoured blocks.
func readKeys(text []byte) (keyring, error) {
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
	var keys keyring
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

// release is a verified Release file.
type release struct {
	suite   string // as configured
	archive string // URL of the archive
	dir     string // in the store, for this suite of this archive
	date    time.Time
	until   time.Time // zero: always valid
	byHash  bool
	files   map[string]indexFile // by path below the suite's directory
	fresh   bool                 // just downloaded from the mirror
	warning string               // a tolerated problem
}

// indexFile is how a Release file describes an index.
type indexFile struct {
	size   int64 // bytes
	sha256 string
}

// url is the URL of a file of the suite.
func (r release) url(path string) string {
	return r.archive + "/dists/" + r.suite + "/" + path
}

// maxRelease bounds an InRelease file in bytes; Debian's have up to 250 KB.
const maxRelease = 16 << 20

// release returns the suite's Release file: the cached one if it is recent,
// else the mirror's. If the mirror does not answer, a cached one that is still
// valid is used, with a warning.
func (s *Source) release(ctx context.Context, suite string, keys keyring) (release, error) {
	rel := release{suite: suite, archive: s.cfg.archive(suite)}
	dir, err := s.store.Subdir(filepath.Join("debian", "suites", suite+"-"+shortSum(rel.archive)))
	if err != nil {
		return release{}, err
	}
	rel.dir = dir
	path := filepath.Join(dir, "InRelease")
	cached, cachedErr := s.readRelease(rel, path, keys)
	if info, err := os.Stat(path); err == nil && cachedErr == nil && !s.cfg.Refresh {
		if age := s.now().Sub(info.ModTime()); age >= 0 && age < s.cfg.MaxAge {
			return cached, nil
		}
	}
	text, err := s.getAll(ctx, rel.url("InRelease"), maxRelease)
	if err != nil {
		var unreachable *UnreachableError
		if cachedErr == nil && errors.As(err, &unreachable) && ctx.Err() == nil {
			cached.warning = strings.TrimPrefix(cached.warning+"; ", "; ") +
				fmt.Sprintf("suite %s may be out of date, using its index of %s: %s", suite, cached.date.Format(time.DateOnly), err)
			return cached, nil
		}
		return release{}, err
	}
	rel.fresh = true
	fresh, err := s.verifyRelease(rel, text, keys)
	if err != nil {
		return release{}, err
	}
	if cachedErr == nil && fresh.date.Before(cached.date) {
		cached.warning = strings.TrimPrefix(cached.warning+"; ", "; ") +
			fmt.Sprintf("suite %s: the mirror went back from %s to %s; using the newer, cached index", suite, cached.date.Format(time.DateTime), fresh.date.Format(time.DateTime))
		return cached, nil
	}
	if err := osfile.Write(path, text, 0o600); err != nil {
		return release{}, err
	}
	return fresh, os.Chtimes(path, s.now(), s.now())
}

// readRelease reads and verifies a cached Release file; an invalid one is
// treated as missing.
func (s *Source) readRelease(rel release, path string, keys keyring) (release, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return release{}, err
	}
	return s.verifyRelease(rel, text, keys)
}

// verifyRelease checks the signature, the suite and the validity of an
// InRelease file and reads it.
func (s *Source) verifyRelease(rel release, text []byte, keys keyring) (release, error) {
	address := rel.url("InRelease")
	block, _ := clearsign.Decode(text)
	if block == nil {
		return release{}, &SignatureError{URL: address, Err: errors.New("the file is not signed")}
	}
	signature, err := io.ReadAll(block.ArmoredSignature.Body)
	if err != nil {
		return release{}, &SignatureError{URL: address, Err: err}
	}
	config := &packet.Config{Time: s.now}
	_, _, err = openpgp.VerifyDetachedSignature(keys, bytes.NewReader(block.Bytes), bytes.NewReader(signature), config)
	if errors.Is(err, pgperrors.ErrUnknownIssuer) {
		return release{}, &UnknownKeyError{URL: address, Keys: signers(signature)}
	}
	if err != nil {
		return release{}, &SignatureError{URL: address, Err: err}
	}
	if err := rel.parse(block.Plaintext); err != nil {
		return release{}, fmt.Errorf("%s: %w", address, err)
	}
	if rel.until.IsZero() || s.now().Before(rel.until) {
		return rel, nil
	}
	switch {
	case s.cfg.allowsExpired(rel.suite):
	case s.apt.ignoreValidUntil:
		rel.warning = fmt.Sprintf("suite %s expired on %s and is used anyway, because apt's Acquire::Check-Valid-Until is false", rel.suite, rel.until.Format(time.DateOnly))
	default:
		return release{}, &ExpiredError{Suite: rel.suite, Until: rel.until}
	}
	return rel, nil
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
func (r *release) parse(text []byte) error {
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
	if field("Codename") != r.suite && field("Suite") != r.suite {
		return fmt.Errorf("it is for suite %q (%q) instead of %q", field("Suite"), field("Codename"), r.suite)
	}
	if r.date, err = parseDate(field("Date")); err != nil {
		return fmt.Errorf("field Date: %w", err)
	}
	if until := field("Valid-Until"); until != "" {
		if r.until, err = parseDate(until); err != nil {
			return fmt.Errorf("field Valid-Until: %w", err)
		}
	}
	r.byHash = field("Acquire-By-Hash") == "yes"
	r.files = map[string]indexFile{}
	for line := range strings.Lines(p.Values["SHA256"]) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		size, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil || size < 0 || !isSum(fields[0]) {
			return fmt.Errorf("field SHA256: %q is not a digest, a size and a path", strings.TrimSpace(line))
		}
		r.files[fields[2]] = indexFile{size: size, sha256: fields[0]}
	}
	return nil
}

// parseDate parses a date in the Release format, always in UTC.
func parseDate(text string) (time.Time, error) {
	return time.Parse("Mon, _2 Jan 2006 15:04:05 MST", text)
}
