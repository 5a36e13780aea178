package browsertest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Open opens a page by its URL. It fails for a node that was built without its front end.
func (b *Browser) Open(url string) {
	b.tb.Helper()
	b.must(chromedp.Do(b.ctx, chromedp.Navigate(url)))
	placeholder, err := evaluate[bool](b, `document.documentElement.hasAttribute('data-placeholder')`)
	b.must(err)
	if placeholder {
		b.tb.Fatalf("%s serves the placeholder front end: run make build", url)
	}
}

// find is a JavaScript expression for the element with the test id, visible, or null.
func find(id string) string { return query(fmt.Sprintf("[data-testid=%q]", id)) }

func query(selector string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%s)].find((e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden')`, quote(selector))
}

// quote writes a string as JavaScript does.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // a string always can be
	return string(quoted)
}

// Click clicks the element with the test id in its middle, once it has come to rest and nothing
// lies over it.
func (b *Browser) Click(id string) {
	b.tb.Helper()
	b.click(id, find(id))
}

// ClickCSS clicks the first visible element of a selector, for parts that carry no test id.
func (b *Browser) ClickCSS(selector string) {
	b.tb.Helper()
	b.click(selector, query(selector))
}

// ClickText clicks the first visible element of a selector whose text is text.
func (b *Browser) ClickText(selector, text string) {
	b.tb.Helper()
	b.click(selector+" "+text, fmt.Sprintf(`[...document.querySelectorAll(%s)].find((e) => e.getClientRects().length > 0 && e.innerText.trim() === %s)`, quote(selector), quote(text)))
}

// busy is a JavaScript expression: whether a sign of something that is still loading is in sight.
const busy = `[...document.querySelectorAll('.ant-spin-spinning, .ant-skeleton-active, [aria-busy="true"]')].some((e) => e.getClientRects().length > 0)`

func (b *Browser) click(what, element string) {
	b.tb.Helper()
	x, y := b.middle("click on "+what, element, `
		window.jikeClick = ''
		document.addEventListener('click', (c) => { window.jikeClick = c.target === hit || e.contains(c.target) ? 'hit' : 'missed' }, { once: true, capture: true })`)
	b.must(chromedp.Do(b.ctx, chromedp.MouseClickXY(x, y)))
	// A block that came between looking and clicking may have pushed it away.
	if where, err := evaluate[string](b, `window.jikeClick ?? ''`); err == nil && where == "missed" {
		b.click(what, element)
	}
}

// mostMoves is how often a mouse may have to move before what it drags is there.
const mostMoves = 1000

// Drag takes the element with the test id by the mouse and holds it over another one. It gives what drops it there.
func (b *Browser) Drag(id, over string) (drop func()) {
	b.tb.Helper()
	mouse := func(kind input.DispatchMouseEventType, x, y float64) {
		b.tb.Helper()
		b.must(chromedp.Do(b.ctx, chromedp.MouseEvent(kind, x, y, chromedp.ButtonLeft)))
	}
	x, y := b.middle("drag of "+id, find(id), "")
	mouse(input.DispatchMouseEventTypeMousePressed, x, y)
	mouse(input.DispatchMouseEventTypeMouseMoved, x+10, y+10) // farther than a hand trembles
	x, y = b.middle("drag over "+over, find(over), `
		window.jikeDrag = false
		e.addEventListener('dragover', () => { window.jikeDrag = true }, { once: true })`)
	for range mostMoves {
		mouse(input.DispatchMouseEventTypeMouseMoved, x, y)
		there, err := evaluate[bool](b, `window.jikeDrag`)
		if b.must(err); there {
			return func() {
				b.tb.Helper()
				mouse(input.DispatchMouseEventTypeMouseReleased, x, y)
			}
		}
	}
	b.fail("%d moves do not bring %s over %s", mostMoves, id, over)
	return nil
}

// middle is where the middle of an element is, once it has come to rest and nothing lies over it. What is to run then
// knows it as e, and as hit what is to be seen there.
func (b *Browser) middle(what, element, run string) (x, y float64) {
	b.tb.Helper()
	at := b.until(what, fmt.Sprintf(`(async () => {
		const e = %s
		if (!e || e.disabled) return ''
		e.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' })
		const frame = () => new Promise(requestAnimationFrame)
		const before = e.getBoundingClientRect()
		for (let i = 0; i < 4; i++) await frame() // blocks above it may still come and push it away
		if (%s) return ''
		const r = e.getBoundingClientRect()
		if (r.x !== before.x || r.y !== before.y || r.width !== before.width) return ''
		const x = r.x + r.width / 2, y = r.y + r.height / 2
		const hit = document.elementFromPoint(x, y)
		if (!hit || !(e.contains(hit) || hit.contains(e))) return ''
		%s
		return x + ' ' + y
	})()`, element, busy, run))
	if _, err := fmt.Sscan(at, &x, &y); err != nil {
		b.fail("%s at %q: %v", what, at, err)
	}
	return x, y
}

// Type types into the field with the test id, over what is there.
func (b *Browser) Type(id, text string) {
	b.tb.Helper()
	b.until("field "+id, fmt.Sprintf(`(() => {
		const e = %s
		const field = e && (e.matches('input, textarea') ? e : e.querySelector('input, textarea'))
		if (!field || field.disabled) return ''
		const moves = (a) => a.playState === 'running' && a.effect.getTiming().iterations !== Infinity
		if (document.getAnimations().some(moves)) return '' // a drawer that opens takes the focus when it is there
		field.focus()
		field.select()
		return document.activeElement === field ? 'ready' : ''
	})()`, find(id)))
	b.Press(text)
}

// Choose gives files to the hidden field of the first button for files on the page.
func (b *Browser) Choose(files ...string) {
	b.tb.Helper()
	b.until("a field for files", `document.querySelector("input[type='file']") ? 'there' : ''`)
	b.must(chromedp.Do(b.ctx, chromedp.SetUploadFiles(chromedp.CSS("input[type='file']"), files)))
}

// Download is the content behind the first visible link of a selector.
func (b *Browser) Download(selector string) string {
	b.tb.Helper()
	return b.until("content behind "+selector, fmt.Sprintf(`(async () => {
		const e = %s
		return e ? await (await fetch(e.href)).text() : ''
	})()`, query(selector)))
}

// Press presses keys wherever the focus is, such as kb.Enter.
func (b *Browser) Press(keys string) {
	b.tb.Helper()
	b.must(chromedp.Do(b.ctx, chromedp.KeyEvent(keys)))
}

// mostTabs is how many steps a page may need to a place on it.
const mostTabs = 200

// TabTo presses the tabulator until the element with the test id has the focus.
func (b *Browser) TabTo(id string) {
	b.tb.Helper()
	b.until(id, fmt.Sprintf(`%s ? 'there' : ''`, find(id)))
	for range mostTabs {
		b.Press(kb.Tab)
		there, err := evaluate[bool](b, fmt.Sprintf(`document.activeElement === %s`, find(id)))
		if b.must(err); there {
			return
		}
	}
	b.fail("%d tabs do not lead to %s", mostTabs, id)
}

// Upload gives a file to the button with the test id, as if it were chosen in the browser's dialog.
func (b *Browser) Upload(id, file string) {
	b.tb.Helper()
	b.until(id, fmt.Sprintf(`%s ? 'there' : ''`, find(id)))
	b.must(chromedp.Do(b.ctx, chromedp.SetUploadFiles(fmt.Sprintf(`.ant-upload:has([data-testid=%q]) input[type=file]`, id), []string{file})))
}

// PressCtrl presses a key while Ctrl is held.
func (b *Browser) PressCtrl(key string) {
	b.tb.Helper()
	b.must(chromedp.Do(b.ctx, chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierCtrl))))
}

// SeeFocus waits until the field with the test id has the focus.
func (b *Browser) SeeFocus(id string) {
	b.tb.Helper()
	b.until("focus of "+id, fmt.Sprintf(`(() => { const e = %s; return e && e.contains(document.activeElement) ? 'focused' : '' })()`, find(id)))
}

// Text is the text of the element with the test id, or the content of a field.
func (b *Browser) Text(id string) string {
	b.tb.Helper()
	return b.until("text of "+id, fmt.Sprintf(`(() => { const e = %s; return e ? (e.value ?? e.innerText).trim() : '' })()`, find(id)))
}

// See waits until the element with the test id shows the text.
func (b *Browser) See(id, text string) {
	b.tb.Helper()
	b.until(fmt.Sprintf("%q in %s", text, id), fmt.Sprintf(`(() => { const e = %s; return e && (e.value ?? e.innerText).includes(%s) ? 'seen' : '' })()`, find(id), quote(text)))
}

// SeeGone waits until no element with the test id is visible.
func (b *Browser) SeeGone(id string) {
	b.tb.Helper()
	b.until(id+" to go", fmt.Sprintf(`%s ? '' : 'gone'`, find(id)))
}

// SeeGoneCSS waits until no element of a selector is visible.
func (b *Browser) SeeGoneCSS(selector string) {
	b.tb.Helper()
	b.until(selector+" to go", fmt.Sprintf(`%s ? '' : 'gone'`, query(selector)))
}

// SeeURL waits until the page's address contains the text.
func (b *Browser) SeeURL(part string) {
	b.tb.Helper()
	b.until("address with "+part, fmt.Sprintf(`location.href.includes(%s) ? 'there' : ''`, quote(part)))
}

// SeeCount waits until a selector has at least so many visible elements.
func (b *Browser) SeeCount(selector string, least int) {
	b.tb.Helper()
	b.until(fmt.Sprintf("%d of %s", least, selector), fmt.Sprintf(
		`[...document.querySelectorAll(%s)].filter((e) => e.getClientRects().length > 0).length >= %d ? 'there' : ''`, quote(selector), least))
}

// Shot takes pictures of the screen at both widths, name-1366.png and name-390.png, and fails the
// test where axe finds an obstacle for somebody or the page is wider than the phone.
func (b *Browser) Shot(name string) {
	b.tb.Helper()
	for _, s := range []struct{ width, height int64 }{{Phone, phoneHeight}, {Desktop, desktopHeight}} {
		b.resize(s.width, s.height)
		b.must(chromedp.Do(b.ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 0, 0))) // away from what was clicked
		b.settle()
		png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		b.must(err)
		b.must(os.WriteFile(filepath.Join(b.shots, fmt.Sprintf("%s-%d.png", name, s.width)), png, 0o644))
		if wide, err := evaluate[int64](b, `document.documentElement.scrollWidth`); err != nil || wide > s.width {
			b.tb.Errorf("%s: the page is %d pixels wide on a screen of %d, %v", name, wide, s.width, err)
		}
		b.obstacles(fmt.Sprintf("%s at %d", name, s.width), s.width == Desktop)
	}
	b.Check()
}

func (b *Browser) resize(width, height int64) {
	b.tb.Helper()
	b.must(chromedp.Do(b.ctx, chromedp.EmulateViewport(width, height)))
}

// settle waits until fonts are there, nothing moves and no busy sign is shown.
func (b *Browser) settle() {
	b.tb.Helper()
	b.until("the page to settle", `(async () => {
		await document.fonts.ready
		const frame = () => new Promise(requestAnimationFrame)
		await frame(); await frame()
		const moving = document.getAnimations().some((a) => a.playState === 'running' && a.effect?.getComputedTiming().iterations !== Infinity)
		return moving || `+busy+` ? '' : 'settled'
	})()`)
}

// obstacles runs axe-core on the page, with the rules of WCAG 2.1 A and AA. Contrast, which takes longer than all
// others together, is looked at if it is asked for: a screen has the same colours at every width.
func (b *Browser) obstacles(where string, contrast bool) {
	b.tb.Helper()
	if there, err := evaluate[bool](b, `'axe' in window`); err != nil || !there { // since the page was loaded
		if _, err := evaluate[bool](b, b.axe+"\n;true"); err != nil {
			b.fail("axe: %v", err)
		}
	}
	found, err := evaluate[[]string](b, `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'],
			rules: { 'color-contrast': { enabled: `+strconv.FormatBool(contrast)+` } } })
		.then((r) => r.violations.map((v) => v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map((n) => n.html).join(' | ')))`)
	b.must(err)
	for _, f := range found {
		b.tb.Errorf("%s: axe: %s", where, strings.ReplaceAll(f, "\n", " "))
	}
}

// Attribute is an attribute of the element with the test id, once it has one.
func (b *Browser) Attribute(id, name string) string {
	b.tb.Helper()
	return b.until(name+" of "+id, fmt.Sprintf(`%s?.getAttribute(%s) ?? ''`, find(id), quote(name)))
}

// SeeAttribute waits until an attribute of the element with the test id has the value.
func (b *Browser) SeeAttribute(id, name, value string) {
	b.tb.Helper()
	b.until(fmt.Sprintf("%s=%q of %s", name, value, id), fmt.Sprintf(`%s?.getAttribute(%s) === %s ? 'seen' : ''`, find(id), quote(name), quote(value)))
}

// SeeLanguage waits until the page speaks the language, such as en or zh-CN.
func (b *Browser) SeeLanguage(tag string) {
	b.tb.Helper()
	b.until("language "+tag, fmt.Sprintf(`document.documentElement.lang === %s ? 'spoken' : ''`, quote(tag)))
}

// SeeDisabled waits until the button or field with the test id is there and cannot be used.
func (b *Browser) SeeDisabled(id string) {
	b.tb.Helper()
	b.until(id+" disabled", fmt.Sprintf(`%s?.disabled ? 'disabled' : ''`, find(id)))
}
