package debian

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/apt"
)

func asError[E error](err error, target *E) bool { return errors.As(err, target) }

func itoa(n int) string { return strconv.Itoa(n) }

// Each fault of an index has its own error and leaves nothing behind.
func TestIndexFaults(t *testing.T) {
	const dir = "/debian/dists/trixie/"
	for _, c := range []struct {
		name string
		harm func(a *archive)
		is   func(error) bool
		says []string
	}{
		{"changed after signing", func(a *archive) {
			a.set(dir+"InRelease", bytes.Replace(a.files[dir+"InRelease"], []byte("Origin: Debian"), []byte("Origin: Devian"), 1))
		}, isA[*apt.SignatureError], []string{"invalid signature", "InRelease"}},
		{"not signed", func(a *archive) {
			a.set(dir+"InRelease", []byte("Suite: trixie\n"))
		}, isA[*apt.SignatureError], []string{"invalid signature", "the file is not signed"}},
		{"signed by another key", func(a *archive) {
			a.publish(suite{name: "trixie", key: newKey(a.t)})
		}, isA[*apt.UnknownKeyError], []string{"unknown keys", "debian-archive-keyring", "kernels.debian.keyring"}},
		{"expired", func(a *archive) {
			a.publish(suite{name: "trixie", until: now.AddDate(0, 0, -17)})
		}, isA[*apt.ExpiredError], []string{"expired on 2026-11-06", "add trixie to kernels.debian.allow-expired"}},
		{"another suite's", func(a *archive) {
			a.publish(suite{name: "trixie", codename: "bookworm"})
		}, nil, []string{`instead of "trixie"`}},
		{"index changed", func(a *archive) {
			for path, body := range a.files {
				if strings.Contains(path, "binary-amd64") {
					body = bytes.Clone(body)
					body[len(body)/2] ^= 1
					a.files[path] = body
				}
			}
		}, isA[*apt.DigestError], []string{"does not match the index", "SHA-256"}},
		{"index too long", func(a *archive) {
			for path, body := range a.files {
				if strings.Contains(path, "binary-amd64") {
					a.files[path] = append(bytes.Clone(body), "more"...)
				}
			}
		}, isA[*apt.DigestError], []string{"it has more"}},
		{"no index", func(a *archive) {
			for path := range a.files {
				if strings.Contains(path, "binary-amd64") {
					delete(a.files, path)
				}
			}
		}, isA[*apt.MissingError], []string{"the mirror does not have"}},
		{"no suite", func(a *archive) { delete(a.files, dir+"InRelease") }, isA[*apt.MissingError], []string{"suite trixie", "the mirror does not have"}},
		{"forbidden", func(a *archive) {
			a.intercept = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				http.Error(w, "no", http.StatusForbidden)
				return true
			}
		}, isA[*apt.UnreachableError], []string{"403 Forbidden", "kernels.debian.mirror"}},
		{"no server", func(a *archive) { a.server.Close() }, isA[*apt.UnreachableError], []string{"cannot get", "check the network"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newArchive(t)
			a.publish(suite{name: "trixie", packages: whole(oldRelease, "6.12.117-1")})
			s := a.source(suites("trixie"))
			c.harm(a)
			entries, err := s.List(t.Context())
			if err == nil {
				t.Fatalf("listed %+v", entries)
			}
			if c.is != nil && !c.is(err) {
				t.Errorf("error %T: %v", err, err)
			}
			for _, say := range c.says {
				if !strings.Contains(err.Error(), say) {
					t.Errorf("error %q lacks %q", err, say)
				}
			}
			for _, name := range leftovers(t, s) {
				if filepath.Base(name) != "InRelease" || !isA[*apt.DigestError](err) && !isA[*apt.MissingError](err) {
					t.Errorf("left %s behind", name)
				}
			}
		})
	}
}

// isA reports whether the error is of type E.
func isA[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

func TestExpiredSuites(t *testing.T) {
	expired := suite{name: "sid", until: now.AddDate(0, 0, -17), packages: whole(newRelease, "7.3.4-1")}
	a := published(t)
	a.publish(expired)
	s := a.source(nil)
	if entries := list(t, s); len(entries) != 3 {
		t.Errorf("%+v", entries)
	}
	if w := strings.Join(s.Warnings(), "\n"); !strings.Contains(w, "suite sid is skipped: its Release file expired on 2026-11-06") || !strings.Contains(w, "suite bullseye is skipped: the mirror does not have it") {
		t.Errorf("warnings %q", w)
	}
	for _, allow := range []string{"sid", "all"} {
		allowed := a.source(func(c *Config) { c.AllowExpired = []string{allow} })
		if entries := list(t, allowed); len(entries) != 4 {
			t.Errorf("allowed by %s: %+v", allow, entries)
		}
	}
	lenient := a.source(nil)
	lenient.apt.IgnoreValidUntil = true
	if entries := list(t, lenient); len(entries) != 4 {
		t.Errorf("allowed by apt: %+v", entries)
	}
	if w := strings.Join(lenient.Warnings(), "\n"); !strings.Contains(w, "Acquire::Check-Valid-Until") {
		t.Errorf("warnings %q", w)
	}
	alone := newArchive(t)
	alone.publish(expired)
	if entries, err := alone.source(nil).List(t.Context()); err == nil || !strings.Contains(err.Error(), "none of the suites can be used") || !strings.Contains(err.Error(), "2026-11-06") {
		t.Errorf("nothing left: %+v, %v", entries, err)
	}
	// A cached Release file can expire too.
	b := newArchive(t)
	b.publish(suite{name: "trixie", until: now.Add(time.Hour), packages: whole(oldRelease, "6.12.117-1")})
	cached := b.source(suites("trixie"))
	list(t, cached)
	cached.now = func() time.Time { return now.Add(2 * time.Hour) }
	if _, err := cached.List(t.Context()); !isA[*apt.ExpiredError](err) {
		t.Errorf("expired in the cache: %v", err)
	}
}

// An unreachable security suite is not skipped silently.
func TestArchivePartlyUnreachable(t *testing.T) {
	a := published(t)
	s := a.source(func(c *Config) { c.SecurityMirror = "http://127.0.0.1:1/debian-security" })
	if entries, err := s.List(t.Context()); !isA[*apt.UnreachableError](err) || !strings.Contains(err.Error(), "-security") {
		t.Errorf("%+v, %v", entries, err)
	}
	without := a.source(func(c *Config) { c.SecurityMirror = "" })
	if entries := list(t, without); len(entries) != 3 {
		t.Errorf("%+v", entries)
	}
	if w := strings.Join(without.Warnings(), "\n"); !strings.Contains(w, "kernels.debian.security-mirror") {
		t.Errorf("warnings %q", w)
	}
}

// fetchOld fetches the single-package kernel after breaking the archive.
func fetchOld(t *testing.T, a *archive, s *Source) (kernels.Kernel, error) {
	t.Helper()
	entries, err := kernels.Select(list(t, s), "6.12")
	if err != nil {
		t.Fatal(err)
	}
	return s.Fetch(t.Context(), entries[0], nil)
}

func debPath() string { return "/debian/" + whole(oldRelease, "6.12.117-1")[0].filename() }

func TestPackageFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		with func(a *archive, deb []byte)
		is   func(error) bool
		part bool // the partial download is kept for the next attempt
	}{
		{"changed", func(a *archive, deb []byte) { deb[len(deb)/2] ^= 1; a.set(debPath(), deb) }, isA[*apt.DigestError], false},
		{"too long", func(a *archive, deb []byte) { a.set(debPath(), append(deb, 0)) }, isA[*apt.DigestError], false},
		{"cut short", func(a *archive, deb []byte) { a.set(debPath(), deb[:len(deb)/2]) }, isA[*apt.TruncatedError], true},
		{"empty", func(a *archive, _ []byte) { a.set(debPath(), nil) }, isA[*apt.TruncatedError], false},
		{"gone", func(a *archive, _ []byte) { a.mu.Lock(); delete(a.files, debPath()); a.mu.Unlock() }, isA[*apt.MissingError], false},
		{"line breaks", func(a *archive, _ []byte) {
			a.setIntercept(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
				if r.URL.Path != debPath() {
					return false
				}
				w.Header().Set("Content-Length", itoa(len(body)))
				_, _ = w.Write(body[:len(body)/3]) // truncated on every attempt
				return true
			})
		}, isA[*apt.TruncatedError], true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := published(t)
			s := a.source(suites("trixie"))
			list(t, s)
			c.with(a, bytes.Clone(a.files[debPath()]))
			k, err := fetchOld(t, a, s)
			if err == nil || !c.is(err) {
				t.Fatalf("fetched %+v, %T: %v", k, err, err)
			}
			parts := 0
			for _, name := range leftovers(t, s) {
				switch {
				case strings.HasSuffix(name, ".part"):
					parts++
				case !strings.HasPrefix(name, "debian/suites/"):
					t.Errorf("left %s behind", name)
				}
			}
			if want := map[bool]int{true: 1}[c.part]; parts != want {
				t.Errorf("%d unfinished downloads, want %d", parts, want)
			}
			// Once the mirror is repaired, fetching works despite any leftovers.
			a.setIntercept(nil)
			a.publish(suite{name: "trixie", packages: whole(oldRelease, "6.12.117-1")})
			fixed := a.sourceIn(s.store, func(cfg *Config) { suites("trixie")(cfg); cfg.Refresh = true })
			if _, err := fetchOld(t, a, fixed); err != nil {
				t.Errorf("after the repair: %v", err)
			}
		})
	}
}

// partial puts the first half of the package, or of another one, where an
// interrupted download would have left it.
func partial(t *testing.T, s *Source, deb, have []byte) {
	t.Helper()
	dir, err := s.store.Subdir("debian/downloads")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, apt.Sum(deb)+".part"), have, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestResume(t *testing.T) {
	half := func(deb []byte) []byte { return deb[:len(deb)/2] }
	for _, c := range []struct {
		name   string
		have   func(deb []byte) []byte
		ranges bool // the server supports range requests
		want   func(deb []byte) []string
	}{
		{"half", half, true, func(deb []byte) []string { return []string{" bytes=" + itoa(len(deb)/2) + "-"} }},
		{"all", func(deb []byte) []byte { return deb }, true, func([]byte) []string { return nil }},
		{"half of another", func(deb []byte) []byte { return bytes.Repeat([]byte("x"), len(deb)/2) }, true,
			func(deb []byte) []string { return []string{" bytes=" + itoa(len(deb)/2) + "-", ""} }},
		{"more than all", func(deb []byte) []byte { return append(bytes.Clone(deb), 0) }, true, func([]byte) []string { return []string{""} }},
		{"half, no ranges", half, false, func(deb []byte) []string { return []string{" bytes=" + itoa(len(deb)/2) + "-"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := published(t)
			s := a.source(suites("trixie"))
			list(t, s)
			deb := a.files[debPath()]
			partial(t, s, deb, c.have(deb))
			if !c.ranges {
				a.setIntercept(func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
					_, _ = w.Write(body)
					return true
				})
			}
			a.asked()
			if _, err := fetchOld(t, a, s); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, w := range c.want(deb) {
				want = append(want, debPath()+w)
			}
			if asked := a.asked(); strings.Join(asked, ",") != strings.Join(want, ",") {
				t.Errorf("requested %q, want %q", asked, want)
			}
		})
	}
}

// A download survives several broken connections.
func TestBrokenConnectionIsResumed(t *testing.T) {
	a := published(t)
	s := a.source(suites("trixie"))
	list(t, s)
	breaks := 0
	a.setIntercept(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		if r.URL.Path != debPath() || breaks == 2 {
			return false
		}
		breaks++
		from := 0
		if r.Header.Get("Range") != "" {
			from = len(body) / 3
			w.Header().Set("Content-Range", "bytes "+itoa(from)+"-"+itoa(len(body)-1)+"/"+itoa(len(body)))
			w.Header().Set("Content-Length", itoa(len(body)-from))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", itoa(len(body)))
		}
		_, _ = w.Write(body[from : from+len(body)/3])
		return true
	})
	if k, err := fetchOld(t, a, s); err != nil || k.Release != oldRelease || breaks != 2 {
		t.Errorf("%+v after %d broken connections: %v", k, breaks, err)
	}
}

func TestCancelledFetch(t *testing.T) {
	a := published(t)
	s := a.source(suites("trixie"))
	entries := list(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	a.setIntercept(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		w.Header().Set("Content-Length", itoa(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
		return true
	})
	if k, err := s.Fetch(ctx, entries[0], nil); !errors.Is(err, context.Canceled) {
		t.Errorf("fetched %+v, %v", k, err)
	}
	for _, name := range leftovers(t, s) {
		if strings.HasPrefix(name, "entries/") {
			t.Errorf("left %s behind", name)
		}
	}
}

// A package with a valid digest but wrong content is rejected.
func TestWrongContents(t *testing.T) {
	for name, change := range map[string]func(p *debianPackage){
		"another kernel inside": func(p *debianPackage) {
			p.files["./boot/vmlinuz-"+oldRelease] = bzImage("6.12.1-other")
		},
		"no kernel inside": func(p *debianPackage) { delete(p.files, "./boot/vmlinuz-"+oldRelease) },
		"two kernels inside": func(p *debianPackage) {
			p.files["./lib/modules/"+oldRelease+"/vmlinuz"] = bzImage(oldRelease)
		},
	} {
		packages := whole(oldRelease, "6.12.117-1")
		change(&packages[0])
		a := newArchive(t)
		a.publish(suite{name: "trixie", packages: packages})
		s := a.source(suites("trixie"))
		if k, err := fetchOld(t, a, s); err == nil {
			t.Errorf("%s: fetched %+v", name, k)
		}
	}
}
