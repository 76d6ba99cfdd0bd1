package debian

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/apt"
	"github.com/splicelab/splicelab/kernels/kerneltest"
)

// now is the tests' current time.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// newKey creates a key that can sign an archive.
func newKey(t *testing.T) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity("Archive", "", "archive@example.org", &packet.Config{
		Time:      func() time.Time { return now.AddDate(-1, 0, 0) },
		Algorithm: packet.PubKeyAlgoEdDSA,
	})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// archive is a Debian archive that a test can break: files by path, served
// with range requests, and a log of the requests.
type archive struct {
	t      *testing.T
	key    *openpgp.Entity
	server *httptest.Server

	mu       sync.Mutex
	files    map[string][]byte
	requests []string // "path" or "path bytes=…"
	// intercept, if not nil, may handle a request itself.
	intercept func(w http.ResponseWriter, r *http.Request, body []byte) bool
}

func newArchive(t *testing.T) *archive {
	a := &archive{t: t, key: newKey(t), files: map[string][]byte{}}
	a.server = httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(a.server.Close)
	return a
}

func (a *archive) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	name := r.URL.Path
	request := name
	if r.Header.Get("Range") != "" {
		request += " " + r.Header.Get("Range")
	}
	a.requests = append(a.requests, request)
	body, ok := a.files[name]
	intercept := a.intercept
	a.mu.Unlock()
	if intercept != nil && intercept(w, r, body) {
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// asked returns the requests since the previous call.
func (a *archive) asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	requests := a.requests
	a.requests = nil
	return requests
}

func (a *archive) set(path string, body []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.files[path] = body
}

func (a *archive) setIntercept(f func(w http.ResponseWriter, r *http.Request, body []byte) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.intercept = f
}

// debianPackage describes a package to build.
type debianPackage struct {
	name, version, depends string
	files                  map[string][]byte
	unindexed              bool
	arch                   string // empty: amd64
}

// filename is the package's place in the pool.
func (p debianPackage) filename() string {
	return "pool/main/l/linux/" + p.name + "_" + p.version + "_" + cmp.Or(p.arch, "amd64") + ".deb"
}

// deb builds the package: an ar archive of two tar archives.
func (p debianPackage) deb(t *testing.T) []byte {
	t.Helper()
	control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: Nobody <nobody@example.org>\nDescription: test\n",
		p.name, p.version, cmp.Or(p.arch, "amd64"))
	var out bytes.Buffer
	out.WriteString("!<arch>\n")
	for _, member := range []struct {
		name string
		body []byte
	}{
		{"debian-binary", []byte("2.0\n")},
		{"control.tar.gz", tarball(t, map[string][]byte{"./control": []byte(control)})},
		{"data.tar.gz", tarball(t, p.files)},
	} {
		fmt.Fprintf(&out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", member.name, 0, 0, 0, "100644", len(member.body))
		out.Write(member.body)
		if len(member.body)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

func tarball(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		body := files[name]
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(body)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func bzImage(release string) []byte {
	return kerneltest.BzImage(release, kerneltest.Gzip(kerneltest.Vmlinux(release, true)))
}

// whole is a kernel in one package, as up to 6.18.
func whole(release, version string) []debianPackage {
	return []debianPackage{{
		name: "linux-image-" + release, version: version,
		depends: "kmod, initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool",
		files: map[string][]byte{
			"./boot/vmlinuz-" + release:                              bzImage(release),
			"./boot/config-" + release:                               []byte("CONFIG_PVH=y\n"),
			"./boot/System.map-" + release:                           []byte("not used"),
			"./lib/modules/" + release + "/kernel/fs/xfs/xfs.ko":     []byte("xfs of " + release),
			"./lib/modules/" + release + "/modules.builtin":          []byte("kernel/fs/ext4/ext4.ko\n"),
			"./usr/share/doc/linux-image-" + release + "/copyright":  []byte("GPL"),
			"./lib/modules/../../etc/passwd":                         []byte("root"),
			"./usr/lib/modules/" + release + "/../../../../etc/motd": []byte("hello"),
		},
	}}
}

// split is a kernel in three packages, as from 6.19.
func split(release, version string, unindexed bool) []debianPackage {
	tree := "./usr/lib/modules/" + release + "/"
	exactly := " (= " + version + ")"
	return []debianPackage{
		{name: "linux-image-" + release, version: version,
			depends: "dracut | initramfs-tools, linux-base-" + release + exactly + ", linux-binary-" + release + exactly + ", linux-modules-" + release + exactly},
		{name: "linux-binary-" + release, version: version, files: map[string][]byte{tree + "vmlinuz": bzImage(release)}},
		{name: "linux-modules-" + release, version: version, unindexed: unindexed,
			files: map[string][]byte{tree + "kernel/fs/xfs/xfs.ko.xz": []byte("xfs of " + release)}},
		{name: "linux-base-" + release, version: version, unindexed: unindexed,
			files: map[string][]byte{tree + "config": []byte("CONFIG_PVH=y\n"), tree + "modules.builtin": []byte("x\n")}},
	}
}

// suite describes a suite to publish.
type suite struct {
	name     string
	packages []debianPackage // an index of amd64 is there in any case
	until    time.Time       // zero: no Valid-Until
	date     time.Time       // zero: now
	key      *openpgp.Entity
	codename string // empty: name
	xz       []byte // Packages.xz, listed instead of Packages.gz
	noByHash bool
}

// publish puts a suite into the archive.
func (a *archive) publish(s suite) {
	a.t.Helper()
	indexes := map[string]*strings.Builder{}
	index := func(arch string) *strings.Builder {
		if indexes[arch] == nil {
			indexes[arch] = new(strings.Builder)
			indexes[arch].WriteString("Package: bash\nVersion: 5\nFilename: pool/b/bash.deb\nSize: 1\nSHA256: " + strings.Repeat("0", 64) + "\n\n")
		}
		return indexes[arch]
	}
	index("amd64")
	for _, p := range s.packages {
		deb, arch := p.deb(a.t), cmp.Or(p.arch, "amd64")
		a.set("/debian/"+p.filename(), deb)
		if p.unindexed {
			continue
		}
		fmt.Fprintf(index(arch), "Package: %s\nSource: linux\nVersion: %s\nArchitecture: %s\n", p.name, p.version, arch)
		if p.depends != "" {
			fmt.Fprintf(index(arch), "Depends: %s\n", p.depends)
		}
		fmt.Fprintf(index(arch), "Description: a kernel\n of several\n lines\nFilename: %s\nSize: %d\nSHA256: %s\n\n", p.filename(), len(deb), apt.Sum(deb))
	}
	dir := "/debian/dists/" + s.name + "/"
	var listed string
	for _, arch := range slices.Sorted(maps.Keys(indexes)) {
		below := "main/binary-" + arch + "/"
		name, body := below+"Packages.gz", kerneltest.Gzip([]byte(indexes[arch].String()))
		if s.xz != nil {
			name, body = below+"Packages.xz", s.xz
		}
		a.set(dir+name, body)
		if !s.noByHash {
			a.set(dir+below+"by-hash/SHA256/"+apt.Sum(body), body)
		}
		listed += " " + apt.Sum(body) + " " + strconv.Itoa(len(body)) + " " + name + "\n"
	}
	if s.date.IsZero() {
		s.date = now.Add(-time.Hour)
	}
	if s.codename == "" {
		s.codename = s.name
	}
	const layout = "Mon, 02 Jan 2006 15:04:05 UTC"
	text := "Origin: Debian\nSuite: some\nCodename: " + s.codename + "\nDate: " + s.date.Format(layout) + "\n"
	if !s.until.IsZero() {
		text += "Valid-Until: " + s.until.Format(layout) + "\n"
	}
	text += "Acquire-By-Hash: yes\nSHA256:\n" + listed
	if s.key == nil {
		s.key = a.key
	}
	a.set(dir+"InRelease", sign(a.t, s.key, text))
}

func sign(t *testing.T, key *openpgp.Entity, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, key.PrivateKey, &packet.Config{Time: func() time.Time { return now.Add(-time.Hour) }, DefaultHash: crypto.SHA512})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// keyFile writes the public key to a file.
func (a *archive) keyFile() string {
	a.t.Helper()
	var out bytes.Buffer
	if err := a.key.Serialize(&out); err != nil {
		a.t.Fatal(err)
	}
	path := filepath.Join(a.t.TempDir(), "archive.gpg")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// source opens the archive with a new store. The configuration has only mirror
// and keys unless configure adds to it.
func (a *archive) source(configure func(*Config)) *Source {
	a.t.Helper()
	store, err := kernels.OpenStore(a.t.TempDir())
	if err != nil {
		a.t.Fatal(err)
	}
	return a.sourceIn(store, configure)
}

func (a *archive) sourceIn(store *kernels.Store, configure func(*Config)) *Source {
	a.t.Helper()
	cfg := Config{Mirror: a.server.URL + "/debian", SecurityMirror: a.server.URL + "/debian", Keyring: []string{a.keyFile()}, Architecture: "amd64"}
	if configure != nil {
		configure(&cfg)
	}
	s, err := newSource(cfg, store, aptConfig{})
	if err != nil {
		a.t.Fatal(err)
	}
	s.now = func() time.Time { return now }
	return s
}

// suites configures the suites to read.
func suites(names ...string) func(*Config) {
	return func(c *Config) { c.Suites = names }
}

// leftovers lists the store's content except locks and empty directories.
func leftovers(t *testing.T, s *Source) []string {
	t.Helper()
	var left []string
	err := filepath.WalkDir(s.store.Dir(), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "/locks/") {
			return err
		}
		left = append(left, strings.TrimPrefix(path, s.store.Dir()+"/"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}
