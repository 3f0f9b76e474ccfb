// @ts-check
// A table of which the server gives one page at a time: asked for every few seconds while somebody looks at it.
import { ask } from '../api.js'
import { byId, plural } from '../dom.js'

/** Rows of a page: a screen full. */
const LIMIT = 25
/** Milliseconds between two questions. The server makes a new picture once a second at most. */
const EVERY = 2000
/** Milliseconds after the last key stroke before a search begins. */
const TYPING = 200

/**
 * @template Row
 * @typedef {object} Plan
 * @property {string} name of the table, of the member with the rows, and of what is asked
 * @property {string} one a row, in words
 * @property {() => Record<string, string | undefined>} filter
 * @property {(row: Row) => string} id what tells a row from all others
 * @property {(row: Row) => HTMLTableRowElement} make
 * @property {(row: Row, element: HTMLTableRowElement) => void} update
 */

/** @template Row */
export class PagedTable {
  #plan
  #key
  #body
  /** The `after` of each page up to this one. @type {(string | undefined)[]} */ #pages = [undefined]
  /** @type {string | null} */ #next = null
  /** @type {Map<string, HTMLTableRowElement>} */ #rows = new Map()
  #timer = 0
  #typing = 0
  /** The question whose answer counts; an older one's is too late. */
  #asked = 0

  /** @param {() => string} key @param {Plan<Row>} plan */
  constructor(key, plan) {
    this.#key = key
    this.#plan = plan
    this.#body = byId(plan.name, HTMLTableElement).tBodies[0]
    const form = byId(`${plan.name}-form`, HTMLFormElement)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#restart()
    })
    form.addEventListener('input', () => {
      window.clearTimeout(this.#typing)
      this.#typing = window.setTimeout(() => this.#restart(), TYPING)
    })
    this.#button('back').addEventListener('click', () => {
      this.#pages.pop()
      this.refresh()
    })
    this.#button('next').addEventListener('click', () => {
      this.#pages.push(this.#next ?? undefined)
      this.refresh()
    })
    document.addEventListener('visibilitychange', () => document.hidden || this.refresh())
  }

  /** Asks now, and from now on every few seconds. */
  async refresh() {
    window.clearTimeout(this.#timer)
    const asked = ++this.#asked
    if (!document.hidden) {
      try {
        const after = this.#pages[this.#pages.length - 1]
        const answer = await ask(`socket/${this.#plan.name}`, { ...this.#plan.filter(), after, limit: LIMIT }, this.#key())
        if (asked === this.#asked) this.#draw(answer)
      } catch (failure) {
        if (asked === this.#asked) this.#say(failure instanceof Error ? failure.message : String(failure))
      }
    }
    if (asked === this.#asked) this.#timer = window.setTimeout(() => this.refresh(), EVERY)
  }

  #restart() {
    window.clearTimeout(this.#typing)
    this.#pages = [undefined]
    void this.refresh()
  }

  /** Changes only what changed, so that a button keeps its focus. @param {any} answer */
  #draw(answer) {
    const { id, make, update, name, one } = this.#plan
    /** @type {Row[]} */
    const rows = answer[name]
    if (!rows.length && this.#pages.length > 1) return this.#restart() // the page is gone
    const names = new Set(rows.map(id))
    for (const [known, element] of this.#rows) {
      if (names.has(known)) continue
      element.remove()
      this.#rows.delete(known)
    }
    rows.forEach((row, place) => {
      const element = this.#rows.get(id(row)) ?? make(row)
      this.#rows.set(id(row), element)
      update(row, element)
      if (this.#body.children[place] !== element) this.#body.insertBefore(element, this.#body.children[place] ?? null)
    })
    this.#next = answer.next
    const first = (this.#pages.length - 1) * LIMIT
    byId(`${name}-count`, HTMLElement).textContent = plural(answer.total, one)
    byId(`${name}-page`, HTMLElement).textContent = rows.length && answer.total > LIMIT
      ? `${(first + 1).toLocaleString('en')} to ${(first + rows.length).toLocaleString('en')}` : ''
    this.#button('back').disabled = this.#pages.length === 1
    this.#button('next').disabled = answer.next === null
    this.#say(rows.length ? '' : 'None.')
  }

  /** @param {string} text */
  #say(text) {
    byId(`${this.#plan.name}-note`, HTMLElement).textContent = text
  }

  /** @param {'back' | 'next'} which */
  #button(which) {
    return byId(`${this.#plan.name}-${which}`, HTMLButtonElement)
  }
}

/** A cell that is written to only when its text changes. @param {HTMLTableRowElement} row @param {number} place @param {string} text */
export function setCell(row, place, text) {
  const cell = row.cells[place]
  if (cell.textContent !== text) cell.textContent = text
}
