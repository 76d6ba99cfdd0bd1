package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
)

// testArchive is a signed Debian archive of one suite, "test", that lists kernels
// and has none of their packages but a wrong one, of 6.18: enough for all that
// happens before a boot.
type testArchive struct {
	url     string
	keyring string // file
}

// archiveKernels are releases and versions of the packages in the archive, by
// architecture.
var archiveKernels = map[string][][2]string{
	"amd64": {
		{"6.1.0-9-cloud-amd64", "6.1.27-1"},
		{"6.12.9-cloud-amd64", "6.12.9-1"},
		{"6.12.90-cloud-amd64", "6.12.90-1"},
		{"6.18.2-cloud-amd64", "6.18.2-1"},
	},
	"arm64": {
		{"6.12.90-cloud-arm64", "6.12.90-1"},
		{"6.12.90-arm64-16k", "6.12.90-1"},
		{"6.18.2-arm64-16k", "6.18.2-1"},
	},
}

// archiveIndex is the compressed index of an architecture.
func archiveIndex(t *testing.T, arch string) []byte {
	t.Helper()
	var packages strings.Builder
	for _, k := range archiveKernels[arch] {
		fmt.Fprintf(&packages, "Package: linux-image-%s\nSource: linux\nVersion: %s\nArchitecture: %s\nFilename: pool/linux-image-%[1]s.deb\nSize: 1048576\nSHA256: %[4]x\n\n",
			k[0], k[1], arch, sha256.Sum256([]byte(k[0])))
	}
	var index bytes.Buffer
	zip := gzip.NewWriter(&index)
	if _, err := io.WriteString(zip, packages.String()); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return index.Bytes()
}

func newArchive(t *testing.T) testArchive {
	t.Helper()
	key, err := openpgp.NewEntity("splicelab test", "", "test@example.org", nil)
	if err != nil {
		t.Fatal(err)
	}
	keyring := filepath.Join(t.TempDir(), "keyring.pgp")
	var public bytes.Buffer
	if err := key.Serialize(&public); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyring, public.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}

	amd64, arm64 := archiveIndex(t, "amd64"), archiveIndex(t, "arm64")
	date := time.Now().UTC().Add(-time.Hour)
	release := fmt.Sprintf("Origin: test\nSuite: test\nCodename: test\nDate: %s\nValid-Until: %s\nComponents: main\nArchitectures: amd64 arm64\nSHA256:\n %x %d main/binary-amd64/Packages.gz\n %x %d main/binary-arm64/Packages.gz\n",
		date.Format(time.RFC1123), date.AddDate(0, 0, 7).Format(time.RFC1123), sha256.Sum256(amd64), len(amd64), sha256.Sum256(arm64), len(arm64))
	var signed bytes.Buffer
	w, err := clearsign.Encode(&signed, key.PrivateKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(release)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	files := map[string][]byte{
		"/dists/test/InRelease":                     signed.Bytes(),
		"/dists/test/main/binary-amd64/Packages.gz": amd64,
		"/dists/test/main/binary-arm64/Packages.gz": arm64,
		"/pool/linux-image-6.18.2-cloud-amd64.deb":  make([]byte, 1<<20),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, "", date, bytes.NewReader(content))
	}))
	t.Cleanup(server.Close)
	return testArchive{url: server.URL, keyring: keyring}
}
