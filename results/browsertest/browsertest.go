// Package browsertest drives a real Chromium for tests of pages. A package that
// uses it calls [Main] in its TestMain. Without an installed browser, tests are
// skipped.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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

// chromium is the browser of one test binary. Starting one takes seconds, so
// all tests share it; each tab has its own profile, so tests stay independent.
type chromium struct {
	start sync.Once
	ctx   context.Context // nil until the first tab is opened
	err   error
	stop  []func()
}

// browser is set by Main.
var browser *chromium

// Main runs the tests of a package and then stops their browser.
func Main(m *testing.M) {
	browser = new(chromium)
	m.Run() // the exit code is the testing package's business
	for _, stop := range slices.Backward(browser.stop) {
		stop()
	}
}

// browsers are the programs that Debian and others install, the preferred ones first:
// the shell without a window needs less than half of the processor time.
var browsers = []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}

// run starts the browser unless it is running.
func (c *chromium) run(path string) (context.Context, error) {
	c.start.Do(func() {
		options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 800),
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience))
		ctx, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, stopBrowser := chromedp.NewContext(ctx)
		c.stop = []func(){stopAllocator, stopBrowser}
		c.ctx, c.err = ctx, chromedp.Do(ctx)
	})
	return c.ctx, c.err
}

// Tab is one page in a browser. Its methods fail the test with Fatal.
type Tab struct {
	*testing.T
	ctx context.Context
}

// watching records, from the start of a page, errors that must not occur.
const watching = `
	globalThis.violations = [], globalThis.errors = [];
	addEventListener("securitypolicyviolation", e => violations.push(e.violatedDirective + " " + e.blockedURI));
	addEventListener("error", e => errors.push(e.message));
	addEventListener("unhandledrejection", e => errors.push(String(e.reason)));`

// start returns the context of the running browser, or skips the test.
func start(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: starts a browser")
	}
	for _, name := range browsers {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if browser == nil {
			t.Fatal("the package's TestMain does not call browsertest.Main")
		}
		ctx, err := browser.run(path)
		if err != nil {
			t.Fatal(err)
		}
		return ctx
	}
	t.Skip("none of " + strings.Join(browsers, ", ") + " in PATH: cannot test the page in a browser (scripts/setup test installs one)")
	return nil
}

// Open opens an address in a new tab with a new profile: no cookies, no stored
// settings. The tab is closed when the test ends.
func Open(t *testing.T, url string) Tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(start(t), chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	b := Tab{t, ctx}
	if err := chromedp.Do(ctx); err != nil { // the tab's lifetime is that of its first context
		t.Fatal(err)
	}
	b.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watching})
		return err
	})
	b.To(url)
	return b
}

// call runs f on the tab, with a time limit.
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

// To navigates to an address and waits until the page is shown.
func (b Tab) To(url string) {
	b.Helper()
	b.do(chromedp.Navigate(url))
	b.Settle()
}

// Back goes one step back in the tab's history.
func (b Tab) Back() {
	b.Helper()
	b.do(chromedp.NavigateBack())
}

// Settle waits until the next frame is drawn and, in a page of the lab, until
// its view is complete.
func (b Tab) Settle() {
	b.Helper()
	Eval[bool](b, `new Promise(frame => requestAnimationFrame(frame)).then(() => globalThis.splicelab?.showing).
		then(() => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(true)))))`)
}

// WithoutScript navigates to an address with scripts disabled and returns the
// text of the element that selector matches.
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

// Click clicks the element that a CSS selector matches, or an XPath expression,
// which begins with //.
func (b Tab) Click(selector string) {
	b.Helper()
	if strings.HasPrefix(selector, "//") {
		b.do(chromedp.Click(selector))
		return
	}
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// Type types into the element that a CSS selector matches.
func (b Tab) Type(selector, text string) {
	b.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Keys presses keys. A key's text is part of its keydown event, as with a real
// keyboard, so that preventDefault keeps the text from being entered.
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

// Until waits until an expression is true.
func (b Tab) Until(js string) {
	b.Helper()
	Eval[bool](b, `new Promise(done => { const look = () => (`+js+`) ? done(true) : requestAnimationFrame(look); look(); })`)
}

// Eval returns the value of an expression; a promise is awaited.
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

// Is compares an expression's value, as text.
func (b Tab) Is(js string, want any) {
	b.Helper()
	if got := Eval[any](b, js); fmt.Sprint(got) != fmt.Sprint(want) {
		b.Errorf("%s is %v, want %v", js, got, want)
	}
}

// Sound fails the test if a script threw an error or the page violated its
// Content-Security-Policy.
func (b Tab) Sound() {
	b.Helper()
	b.Is("errors.join('; ')", "")
	b.Is("violations.join('; ')", "")
}

// Size sets the size of the viewport, in CSS pixels.
func (b Tab) Size(width, height int64) {
	b.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// Media replaces the emulated media features, the system's preferences.
func (b Tab) Media(features ...*emulation.MediaFeature) {
	b.Helper()
	b.call(func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	})
}

// Dark emulates a system that prefers dark pages.
func (b Tab) Dark() {
	b.Helper()
	b.Media(&emulation.MediaFeature{Name: "prefers-color-scheme", Value: "dark"})
}

// Artefacts returns the directory for screenshots and PDF files, for human
// review: SPLICELAB_ARTEFACTS, or the test's artifact directory.
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

// Shot saves a screenshot of the viewport.
func (b Tab) Shot(name string) {
	b.Helper()
	b.Settle()
	var picture []byte
	b.call(func(ctx context.Context) (err error) {
		picture, err = chromedp.Run(ctx, chromedp.CaptureScreenshot())
		return err
	})
	if len(picture) < 5000 {
		b.Errorf("the screenshot %s has only %d bytes", name, len(picture))
	}
	if err := os.WriteFile(filepath.Join(Artefacts(b), name+".png"), picture, 0o644); err != nil {
		b.Fatal(err)
	}
}

// PDF returns the page as printed on A4.
func (b Tab) PDF() (document []byte) {
	b.Helper()
	b.call(func(ctx context.Context) (err error) {
		document, err = chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPrintBackground(), chromedp.PDFPaper(chromedp.PaperA4)))
		return err
	})
	return document
}
