// Package browsertest drives a real Chromium for tests of pages. A test is
// skipped, with the reason, where there is none.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience bounds one step in a browser on a busy machine.
const patience = time.Minute

// Start starts Chromium for one test, or skips it.
func Start(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: starts a browser")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no chromium, chromium-browser or google-chrome in PATH: cannot look at the page (scripts/setup test installs it)")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 800),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stopBrowser := chromedp.NewContext(ctx)
	t.Cleanup(stopBrowser)
	if err := chromedp.Do(ctx); err != nil { // starts it
		t.Fatal(err)
	}
	return ctx
}

// Tab is one page in a browser. Its methods end the test when they fail.
type Tab struct {
	*testing.T
	ctx context.Context
}

// watching notes what must not happen in a page, from its first moment.
const watching = `
	globalThis.violations = [], globalThis.errors = [];
	addEventListener("securitypolicyviolation", e => violations.push(e.violatedDirective + " " + e.blockedURI));
	addEventListener("error", e => errors.push(e.message));
	addEventListener("unhandledrejection", e => errors.push(String(e.reason)));`

// Open opens an address in a fresh tab.
func Open(t *testing.T, browser context.Context, url string) Tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser)
	t.Cleanup(stop)
	b := Tab{t, ctx}
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as the first context that it is used with
		t.Fatal(err)
	}
	b.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watching})
		return err
	})
	b.To(url)
	return b
}

// call uses the tab, for a bounded time.
func (b Tab) call(f func(context.Context) error) {
	b.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	if err := f(ctx); err != nil {
		b.Fatal(err)
	}
}

func (b Tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	b.call(func(ctx context.Context) error { return chromedp.Do(ctx, steps...) })
}

// To goes to an address, and waits until it is shown.
func (b Tab) To(url string) {
	b.Helper()
	b.do(chromedp.Navigate(url))
	b.Settle()
}

// Back goes to where the tab was before.
func (b Tab) Back() {
	b.Helper()
	b.do(chromedp.NavigateBack())
}

// Settle waits until what was begun is shown: the view, where it is a page of
// the lab.
func (b Tab) Settle() {
	b.Helper()
	Eval[bool](b, `new Promise(frame => requestAnimationFrame(frame)).then(() => globalThis.splicelab?.showing).
		then(() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true)))))`)
}

// WithoutScript goes to an address with scripts turned off, as some readers have
// it, and returns the text of what selector finds there.
func (b Tab) WithoutScript(url, selector string) (text string) {
	b.Helper()
	b.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
	b.do(chromedp.Navigate(url))
	b.call(func(ctx context.Context) (err error) {
		text, err = chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector)))
		return err
	})
	return text
}

// Click clicks what CSS selects, or XPath, which begins with //.
func (b Tab) Click(selector string) {
	b.Helper()
	if strings.HasPrefix(selector, "//") {
		b.do(chromedp.Click(selector))
		return
	}
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// Type types into the element that CSS selects.
func (b Tab) Type(selector, text string) {
	b.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Keys presses keys. The text of a key goes with its press, as a keyboard has
// it, so that a page can keep it from being typed.
func (b Tab) Keys(keys ...string) {
	b.Helper()
	for _, r := range strings.Join(keys, "") {
		events := kb.Encode(r)
		if events[1].Type == kb.KeyChar {
			events[0].Text = events[1].Text
			events = slices.Delete(events, 1, 2)
		}
		for _, e := range events {
			b.call(func(ctx context.Context) error {
				_, err := chromedp.Call(ctx, input.DispatchKeyEvent, *e)
				return err
			})
		}
	}
}

// Until waits for an expression to become true.
func (b Tab) Until(js string) {
	b.Helper()
	Eval[bool](b, `new Promise(done => { const look = () => (`+js+`) ? done(true) : requestAnimationFrame(look); look(); })`)
}

// Eval is the value of an expression, or of its promise.
func Eval[T any](b Tab, js string) (value T) {
	b.Helper()
	b.call(func(ctx context.Context) (err error) {
		if value, err = chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise)); err != nil {
			shown, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText.slice(0, 500)`))
			err = fmt.Errorf("%s: %w; the page says %q", js, err, shown)
		}
		return err
	})
	return value
}

// Is compares the value of an expression.
func (b Tab) Is(js string, want any) {
	b.Helper()
	if got := Eval[any](b, js); fmt.Sprint(got) != fmt.Sprint(want) {
		b.Errorf("%s is %v, want %v", js, got, want)
	}
}

// Sound fails when a script of the page failed, or something was kept from
// running that the page's policy forbids.
func (b Tab) Sound() {
	b.Helper()
	b.Is("errors.join('; ')", "")
	b.Is("violations.join('; ')", "")
}

// Size sets the window's.
func (b Tab) Size(width, height int64) {
	b.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// Media makes the system's preferences these alone.
func (b Tab) Media(features ...*emulation.MediaFeature) {
	b.Helper()
	b.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	})
}

// Dark makes the system prefer dark pages.
func (b Tab) Dark() {
	b.Helper()
	b.Media(&emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"})
}

// Artefacts is where pictures and pages are kept for people to look at:
// SPLICELAB_ARTEFACTS, or a directory that goes with the test.
func Artefacts(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SPLICELAB_ARTEFACTS")
	if dir == "" {
		return t.ArtifactDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Shot keeps a picture of what is in the window.
func (b Tab) Shot(name string) {
	b.Helper()
	b.Settle()
	var picture []byte
	b.call(func(ctx context.Context) (err error) {
		picture, err = chromedp.Run(ctx, chromedp.CaptureScreenshot())
		return err
	})
	if len(picture) < 5000 {
		b.Errorf("the picture %s has %d bytes", name, len(picture))
	}
	if err := os.WriteFile(filepath.Join(Artefacts(b), name+".png"), picture, 0o644); err != nil {
		b.Fatal(err)
	}
}

// PDF is what the tab prints, on A4.
func (b Tab) PDF() (document []byte) {
	b.Helper()
	b.call(func(ctx context.Context) (err error) {
		document, err = chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPrintBackground(), chromedp.PDFPaper(chromedp.PaperA4)))
		return err
	})
	return document
}
