package page

import (
	"bytes"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/browsertest"
)

// hostile is text that a kernel or a test could print to attack its reader.
const hostile = "</pre></script></style><script>globalThis.owned=1</script><!--<script><img src=x onerror=\"globalThis.owned=1\">" +
	"'\"><a href=\"javascript:globalThis.owned=1\">\x1b[2J\x1b]0;owned\x07\u202egnp.exe\u2028\u2029\x00\xff{{.Run}}`${globalThis.owned=1}`]]>"

func hostileRun() (results.Run, []results.Cell, fakeSource) {
	r := sampleRun("hostile")
	r.Problem, r.Command, r.Accel = hostile, []string{hostile}, hostile
	r.Conditions = map[string]string{hostile: hostile}
	long := strings.Repeat("</script><script>globalThis.owned=1</script>\u202e", 10<<20/48) // one line of 10 MB
	var cells []results.Cell
	byKey := map[results.CellKey]results.Attempt{}
	for i, v := range outcome.Verdicts {
		key := results.CellKey{Kernel: "6.1" + hostile, FS: "fs" + hostile, Test: "s.Test" + string(rune('A'+i)) + "/" + hostile}
		a := results.Attempt{CellKey: key, N: 1, Verdict: v, Outcome: outcome.Outcome(hostile), Kind: hostile, Detail: hostile, Finished: t0,
			Covariates: map[string]string{hostile: hostile}, Output: long, Console: hostile + "\n" + long}
		c := results.FromAttempts([]results.Attempt{a})
		c.Why = hostile
		cells = append(cells, c)
		byKey[key] = a
	}
	return r, cells, fakeSource{
		attempts:   func(k results.CellKey) ([]results.Attempt, error) { return []results.Attempt{byKey[k]}, nil },
		crashLines: func(string) []int { return []int{0} },
		family:     func(string) string { return hostile },
		report:     func(results.Run, results.Cell) (string, error) { return hostile, nil },
		history: func(k results.CellKey) ([]Past, error) {
			return []Past{{Run: hostile, Started: hostile, Kernel: hostile, Verdict: hostile, Outcome: hostile, Flaky: hostile}}, nil
		},
	}
}

// Guest text is in the file only in packed documents or as escaped markup.
func TestReportHoldsNothingHostile(t *testing.T) {
	r, cells, l := hostileRun()
	var b bytes.Buffer
	must(t, WriteReport(t.Context(), &b, r, []string{hostile}, cells, l))
	file := b.String()
	if n := strings.Count(file, "<script>"); n != 1 {
		t.Errorf("%d scripts that would run, want only our own", n)
	}
	for _, bad := range []string{"<img", "href=\"javascript", "\x1b", "\u202e", "\u2028", "\x00", "\xff", "http://", "https://", "<!--", " style="} {
		// The page's own script names the protocols that it links to.
		if strings.Contains(strings.Replace(file, Script(false), "", 1), bad) {
			t.Errorf("the file contains %q", bad)
		}
	}
	for _, policy := range []string{digest(Script(false)), digest(Style(false))} {
		if !strings.Contains(strings.ReplaceAll(file, "&#43;", "+"), strings.ReplaceAll(policy, "'", "&#39;")) {
			t.Errorf("the file's policy does not name %s", policy)
		}
	}
	for _, bad := range []string{"</script", "<!--", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"} {
		if strings.Contains(Script(true), bad) {
			t.Errorf("the script contains %q", bad)
		}
	}
}

func TestHostileReportInBrowser(t *testing.T) {
	t.Parallel()
	r, cells, l := hostileRun()
	url := "file://" + writeFile(t, "hostile.html", r, cells, l)
	harmless := func(b browsertest.Tab) {
		b.Helper()
		b.Is("typeof owned", "undefined")
		b.Is(`document.querySelectorAll("img, iframe, object, embed, base, form[action], [onerror], [onclick], [style*=expression]").length`, 0)
		b.Is(`[...document.querySelectorAll("script")].filter(s => !s.type).length`, 1)
		b.Is(`[...document.querySelectorAll("a")].filter(a => !/^(file|blob):/.test(a.href)).length`, 0)
		b.Is(`/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069]/.test(document.body.innerText + document.title)`, false)
		b.Sound()
	}
	t.Run("matrix", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url)
		b.Is(`document.getElementById("shown").textContent`, "7 cells")
		harmless(b)
		b.Shot("hostile-matrix")
		browsertest.Eval[any](b, `for (const d of document.querySelectorAll("details")) d.open = true`)
		harmless(b)
	})
	for _, v := range outcome.Verdicts {
		t.Run("cell with verdict "+string(v), func(t *testing.T) {
			t.Parallel()
			b := browsertest.Open(t, url+"#/run/hostile?verdict="+string(v))
			b.Is(`document.getElementById("shown").textContent`, "1 of 7 cells")
			hash := browsertest.Eval[string](b, `document.querySelector(".matrix .cell > a").getAttribute("href")`)
			b.Click(".matrix .cell > a")
			b.Until(`document.querySelector("pre.command") !== null`)
			b.Settle()
			b.Is(`decodeURIComponent(location.hash) === decodeURIComponent(`+quoted(hash)+`)`, true)
			browsertest.Eval[any](b, `for (const d of document.querySelectorAll("details")) d.open = true`)
			harmless(b)
			if v == outcome.Crash {
				b.Shot("hostile-cell")
				b.Is(`document.querySelectorAll("mark.line").length > 0`, true)
				harmless(browsertest.Open(t, url+hash))
			}
		})
	}
	t.Run("a line of 10 MB", func(t *testing.T) {
		t.Parallel()
		b := browsertest.Open(t, url)
		took := browsertest.Eval[float64](b, `(async () => {
			const begin = performance.now();
			document.getElementById("main").prepend(splicelab.logView("<b>" + "x".repeat(1e7), [0]));
			await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
			return performance.now() - begin;
		})()`)
		t.Logf("shown in %.0f ms", took)
		b.Is(`document.querySelector("mark.line").textContent.length < 5000`, true)
		b.Is(`document.querySelector("mark .more").textContent`, "… 9,995,907 more characters")
		harmless(b)
	})
}

func quoted(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
