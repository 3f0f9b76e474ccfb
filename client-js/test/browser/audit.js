// What a reader with a keyboard, a screen reader or weak eyes needs of a page: checked in the page itself.

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>} what is wrong, in words
 */
export const audit = page => page.evaluate(() => {
  const wrong = []
  const shown = element => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.hide-visually')
  const name = element => element.id ? `#${element.id}` : `${element.tagName} "${element.textContent.trim().slice(0, 30)}"`

  // every control has a name, and is as large as a finger's aim in WCAG 2.2 (2.5.8): 24 pixels
  for (const control of document.querySelectorAll('button, a[href], input, select, textarea, summary')) {
    if (!shown(control)) continue
    const named = control.getAttribute('aria-label') || control.labels?.[0]?.textContent.trim()
      || (control.matches('button, a, summary') && control.textContent.trim())
    if (!named) wrong.push(`${name(control)} has no name`)
    const { width, height } = (control.closest('label.check, .switch label') ?? control).getBoundingClientRect()
    if (width < 24 || height < 23.5) wrong.push(`${name(control)} is ${Math.round(width)} x ${Math.round(height)} pixels`)
  }
  for (const box of document.querySelectorAll('*')) {
    const scrolls = box.scrollHeight > box.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(box).overflowY)
    if (scrolls && shown(box) && box.tabIndex < 0 && !box.querySelector('button, a, input') && !box.matches('html, body, textarea')) {
      wrong.push(`${name(box)} scrolls, but not by keyboard`)
    }
    if (box.tabIndex > 0) wrong.push(`${name(box)} jumps the queue of the Tab key`)
  }
  const ids = [...document.querySelectorAll('[id]')].map(element => element.id)
  for (const id of ids.filter((one, at) => ids.indexOf(one) !== at)) wrong.push(`two have the id ${id}`)
  for (const attribute of ['for', 'aria-labelledby', 'aria-describedby', 'list', 'form']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(' ')) if (!document.getElementById(id)) wrong.push(`${attribute}="${id}" leads nowhere`)
    }
  }
  if (document.querySelectorAll('h1').length !== 1 || !document.querySelector('main') || !document.documentElement.lang || !document.title) {
    wrong.push('a page has a language, a title, one h1 and a main')
  }
  for (const image of document.querySelectorAll('img:not([alt])')) wrong.push(`${image.src} has no alt`)

  // contrast, WCAG 1.4.3: 4.5 to 1 for text
  const parse = colour => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const light = ([red, green, blue]) => [red, green, blue].map(value => value / 255)
    .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0)
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor)
      if (colour.length === 3 || colour[3] === 1) return colour
    }
    return [255, 255, 255]
  }
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
    if (!text || !shown(element) || element.disabled || element.closest('noscript, svg, canvas')) continue
    const [one, two] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a)
    const contrast = (one + 0.05) / (two + 0.05)
    if (contrast < 4.5) wrong.push(`${name(element)} has a contrast of ${contrast.toFixed(2)}`)
  }
  return [...new Set(wrong)]
})
