package browsertest

import (
	"os"
	"strings"
	"sync"
)

// axeCore is the script of axe-core, a development dependency of package page; empty
// if it is not installed.
var axeCore = sync.OnceValue(func() string {
	for _, dir := range []string{".", "../page"} {
		if text, err := os.ReadFile(dir + "/node_modules/axe-core/axe.min.js"); err == nil {
			return string(text)
		}
	}
	return ""
})

// Accessible fails the test with what axe-core finds in the page as it is shown
// now, with all its rules: also the experimental ones, best practices and those
// of WCAG 2.2.
func (b Tab) Accessible(view string) { b.Helper(); b.axe(view, `!r.tags.includes("wcag2aaa")`) }

// Contrast is Accessible with the rules about colours only: all that another colour
// scheme can break.
func (b Tab) Contrast(view string) {
	b.Helper()
	b.axe(view, `r.tags.includes("cat.color") && !r.tags.includes("wcag2aaa")`)
}

// axe runs the rules for which the expression of r is true.
func (b Tab) axe(view, rules string) {
	b.Helper()
	script := axeCore()
	if script == "" {
		b.Skip("no axe-core: scripts/setup test installs it, or run npm ci in results/page")
	}
	if !Eval[bool](b, `typeof axe === "object"`) {
		Eval[any](b, script+"; 0")
	}
	found := Eval[[]string](b, `axe.run(document, { resultTypes: ["violations"], runOnly: axe.getRules().filter(r => `+rules+`).map(r => r.ruleId) }).then(r =>
		r.violations.flatMap(v => v.nodes.slice(0, 3).map(n => v.id + " (" + v.nodes.length + "): " + n.html.slice(0, 200) + " " + (n.any.concat(n.all, n.none)[0]?.message ?? ""))))`)
	if len(found) > 0 {
		b.Errorf("%s: axe-core finds\n%s", view, strings.Join(found, "\n"))
	}
}
