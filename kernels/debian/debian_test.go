package debian

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/apt"
)

const (
	oldRelease = "6.12.117+deb13-cloud-amd64"
	newRelease = "7.3.4+deb13-cloud-amd64"
	midRelease = "7.0.4+deb13-cloud-amd64"
)

// published creates an archive with both package layouts in two suites.
func published(t *testing.T) *archive {
	a := newArchive(t)
	meta := []debianPackage{
		{name: "linux-image-cloud-amd64", version: "6.12.117-1", depends: "linux-image-" + oldRelease + " (= 6.12.117-1)"},
		{name: "linux-image-6.12-cloud-amd64", version: "6.12.117-1", depends: "linux-image-" + oldRelease + " (= 6.12.117-1)"},
		{name: "linux-image-" + oldRelease + "-dbg", version: "6.12.117-1"},
		{name: "linux-image-" + oldRelease + "-unsigned", version: "6.12.117-1"},
		{name: "linux-image-6.12.117+deb13-amd64", version: "6.12.117-1"},
	}
	a.publish(suite{name: "trixie", packages: append(whole(oldRelease, "6.12.117-1"), meta...)})
	backports := slices.Concat(whole(oldRelease, "6.12.117-1"), split(newRelease, "7.3.4-1~bpo13+1", false), split(midRelease, "7.0.4-1~bpo13+1", true))
	a.publish(suite{name: "trixie-backports", packages: backports})
	return a
}

var bothSuites = suites("trixie", "trixie-backports")

func list(t *testing.T, s *Source) []kernels.Entry {
	t.Helper()
	entries, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kernels.SortEntries(entries)
	return entries
}

func TestList(t *testing.T) {
	a := published(t)
	s := a.source(bothSuites)
	entries := list(t, s)
	if len(entries) != 3 {
		t.Fatalf("%d entries: %+v", len(entries), entries)
	}
	old, mid, latest := entries[0], entries[1], entries[2]
	if old.Release != oldRelease || old.Version.String() != "6.12.117" || old.Flavour != "cloud-amd64" || old.Origin != "debian/trixie" ||
		old.PackageVersion != "6.12.117-1" || old.Size == 0 || old.Cached || !old.Modules || old.Restricted || old.Source != s {
		t.Errorf("one package: %+v", old)
	}
	if latest.Release != newRelease || latest.Origin != "debian/trixie-backports" || !latest.Modules || latest.Restricted {
		t.Errorf("three packages: %+v", latest)
	}
	if mid.Release != midRelease || mid.Modules || !mid.Restricted || !strings.Contains(mid.Note, "kernels.debian.allow-unindexed-modules") {
		t.Errorf("modules that are not indexed: %+v", mid)
	}
	if w := s.Warnings(); len(w) != 0 {
		t.Errorf("warnings %q", w)
	}
	a.asked()
	if again := list(t, s); len(again) != 3 {
		t.Errorf("%d entries the second time", len(again))
	}
	if asked := a.asked(); len(asked) != 0 {
		t.Errorf("requested again: %q", asked)
	}
	refreshed := a.sourceIn(s.store, func(c *Config) { bothSuites(c); c.Refresh = true })
	list(t, refreshed)
	if asked := a.asked(); len(asked) != 2 || !strings.HasSuffix(asked[0], "InRelease") {
		t.Errorf("refresh requested %q", asked)
	}
	generic := a.sourceIn(s.store, func(c *Config) { bothSuites(c); c.Flavour = "generic" })
	if found := list(t, generic); len(found) != 1 || found[0].Flavour != "amd64" {
		t.Errorf("generic kernels: %+v", found)
	}
	all := a.sourceIn(s.store, func(c *Config) { bothSuites(c); c.Flavour = "all" })
	if found := list(t, all); len(found) != 4 {
		t.Errorf("all flavours: %+v", found)
	}
}

// fractions records the progress of each name.
type fractions struct {
	mu   sync.Mutex
	done map[string][2]int64
}

func (f *fractions) Update(name string, done, total int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done[name] = [2]int64{done, total}
}

func TestFetch(t *testing.T) {
	s := published(t).source(bothSuites)
	entries, err := kernels.Resolve(t.Context(), []kernels.Source{s}, "6.12,7.3,7.0")
	if err != nil || len(entries) != 3 {
		t.Fatalf("%+v, %v", entries, err)
	}
	progress := &fractions{done: map[string][2]int64{}}
	found, err := kernels.FetchAll(t.Context(), entries, 2, progress)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range found {
		module, suffix := "kernel/fs/xfs/xfs.ko", ""
		if k.Release != oldRelease {
			suffix = ".xz"
		}
		if k.Release != entries[i].Release || !k.PVH || k.BzImage == "" {
			t.Errorf("fetched %+v", k)
		}
		p := progress.done[k.Release]
		if p[0] != entries[i].Size || p[1] != entries[i].Size {
			t.Errorf("%s: progress %v of %d", k.Release, p, entries[i].Size)
		}
		if k.Release == midRelease {
			if k.Modules != "" || k.Config != "" {
				t.Errorf("without permission it has %+v", k)
			}
			continue
		}
		data, err := kernels.ReadFile(k, module+suffix)
		if err != nil || string(data) != "xfs of "+k.Release {
			t.Errorf("%s: module %q, %v", k.Release, data, err)
		}
		if _, err := kernels.ReadFile(k, "modules.builtin"); err != nil || k.Config == "" {
			t.Errorf("%s: %+v, %v", k.Release, k, err)
		}
	}
	for _, e := range list(t, s) {
		if !e.Cached {
			t.Errorf("%s is not cached", e.Release)
		}
	}
	for _, name := range leftovers(t, s) {
		if strings.Contains(name, "download") || strings.Contains(name, "System.map") || strings.Contains(name, "etc/") || strings.Contains(name, "/.") {
			t.Errorf("left %s behind", name)
		}
	}
}

// Neither stored kernels nor the list need the network.
func TestWithoutNetwork(t *testing.T) {
	a := published(t)
	s := a.source(nil) // the default suites, most of which do not exist
	entries, err := kernels.Resolve(t.Context(), []kernels.Source{s}, "6.12")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kernels.FetchAll(t.Context(), entries, 1, nil); err != nil {
		t.Fatal(err)
	}
	a.server.Close()
	s.now = func() time.Time { return now.AddDate(0, 0, 3) }
	entries, err = kernels.Resolve(t.Context(), []kernels.Source{s}, "6.12")
	if err != nil || !entries[0].Cached {
		t.Fatalf("%+v, %v", entries, err)
	}
	if found, err := kernels.FetchAll(t.Context(), entries, 1, nil); err != nil || found[0].Release != oldRelease {
		t.Errorf("%+v, %v", found, err)
	}
	if warnings := strings.Join(s.Warnings(), "\n"); !strings.Contains(warnings, "suite trixie may be out of date, using its index of 2026-11-23") {
		t.Errorf("warnings %q", warnings)
	}
}

func TestUnindexedModules(t *testing.T) {
	a := published(t)
	s := a.source(func(c *Config) { bothSuites(c); c.AllowUnindexedModules = true })
	entries, err := kernels.Resolve(t.Context(), []kernels.Source{s}, "7.0..7.1")
	if err != nil || len(entries) != 1 || !entries[0].Modules || entries[0].Restricted {
		t.Fatalf("%+v, %v", entries, err)
	}
	fetch := func() (kernels.Kernel, error) { return s.Fetch(t.Context(), entries[0], nil) }
	k, err := fetch()
	if err != nil {
		t.Fatal(err)
	}
	if data, err := kernels.ReadFile(k, "kernel/fs/xfs/xfs.ko.xz"); err != nil || string(data) != "xfs of "+midRelease || k.Config == "" {
		t.Errorf("module %q, %v, %+v", data, err, k)
	}
	// From now on the digest is pinned.
	parts := split(midRelease, "7.0.4-1~bpo13+1", true)
	modules := parts[2]
	modules.files = map[string][]byte{"./usr/lib/modules/" + midRelease + "/kernel/evil.ko": []byte("evil")}
	a.set("/debian/"+modules.filename(), modules.deb(t))
	if err := os.RemoveAll(filepath.Join(s.store.Dir(), "entries")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.store.Dir(), "entries"), 0o755); err != nil {
		t.Fatal(err)
	}
	var pin *apt.PinError
	if _, err := fetch(); !asError(err, &pin) || !strings.Contains(err.Error(), "changed since its first use") {
		t.Errorf("changed modules: %v", err)
	}
	a.set("/debian/"+modules.filename(), parts[2].deb(t))
	if again, err := fetch(); err != nil || len(again.Modules) == 0 {
		// A tar archive of one file is reproducible.
		t.Errorf("the first modules again: %v", err)
	}
	a.mu.Lock()
	delete(a.files, "/debian/"+modules.filename())
	a.mu.Unlock()
	if err := os.RemoveAll(k.Modules); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(); err == nil || !strings.Contains(err.Error(), "boots without modules") {
		t.Errorf("missing modules: %v", err)
	}
}

// Packages.xz is read if there is no Packages.gz.
func TestXZIndex(t *testing.T) {
	tool, err := exec.LookPath("xz")
	if err != nil {
		t.Skip("xz is not installed")
	}
	a := newArchive(t)
	a.publish(suite{name: "trixie", packages: whole(oldRelease, "6.12.117-1")})
	deb := a.files["/debian/"+whole(oldRelease, "6.12.117-1")[0].filename()]
	p := whole(oldRelease, "6.12.117-1")[0]
	command := exec.Command(tool, "-c")
	command.Stdin = strings.NewReader("Package: " + p.name + "\nVersion: " + p.version + "\nFilename: " + p.filename() +
		"\nSize: " + itoa(len(deb)) + "\nSHA256: " + apt.Sum(deb) + "\n")
	packed, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	a.publish(suite{name: "trixie", xz: packed, noByHash: true})
	if entries := list(t, a.source(suites("trixie"))); len(entries) != 1 {
		t.Errorf("%+v", entries)
	}
}

// A corrupt extract is rebuilt from the mirror's index.
func TestCorruptExtract(t *testing.T) {
	a := published(t)
	s := a.source(suites("trixie"))
	list(t, s)
	for _, path := range apt.Glob(filepath.Join(s.store.Dir(), "debian/suites/*/*.json")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Replace(text, []byte("6.12.117"), []byte("6.12.118"), 1), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a.asked()
	if entries := list(t, s); len(entries) != 1 || entries[0].Version.String() != "6.12.117" {
		t.Errorf("%+v", entries)
	}
	if asked := a.asked(); len(asked) != 1 || !strings.Contains(asked[0], "by-hash") {
		t.Errorf("requested %q", asked)
	}
}

// A new index replaces the extract of the old one.
func TestNewIndex(t *testing.T) {
	a := published(t)
	s := a.source(func(c *Config) { c.Suites = []string{"trixie"}; c.Refresh = true })
	list(t, s)
	a.publish(suite{name: "trixie", date: now.Add(-time.Minute), packages: whole("6.12.118+deb13-cloud-amd64", "6.12.118-1")})
	if entries := list(t, s); len(entries) != 1 || entries[0].Version.String() != "6.12.118" {
		t.Errorf("%+v", entries)
	}
	if kept := apt.Glob(filepath.Join(s.store.Dir(), "debian/suites/*/*.json")); len(kept) != 1 {
		t.Errorf("kept %q", kept)
	}
	// An older Release file from the mirror is rejected.
	a.publish(suite{name: "trixie", date: now.AddDate(0, -1, 0), packages: whole(oldRelease, "6.12.117-1")})
	if entries := list(t, s); len(entries) != 1 || entries[0].Version.String() != "6.12.118" {
		t.Errorf("%+v", entries)
	}
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "went back") {
		t.Errorf("warnings %q", w)
	}
}

func TestBusyMirrorIsRetried(t *testing.T) {
	a := published(t)
	refused := 0
	a.setIntercept(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		if refused > 0 {
			return false
		}
		refused++
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return true
	})
	if entries := list(t, a.source(suites("trixie"))); len(entries) != 1 || refused != 1 {
		t.Errorf("%+v", entries)
	}
}
