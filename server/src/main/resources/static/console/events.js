// @ts-check
// What happens: who comes and goes, what clients say to the back ends, who was slow or cut. The newest first; a burst
// waits a moment, and what would not be seen then never becomes an element.
import { byId, make, plural } from '../dom.js'

/** Lines on the page. */
const LINES = 100
/** Milliseconds between two drawings: a thousand users who go at once are a few drawings. */
const EVERY = 250
/** Characters of a body: an operator looks at it, he does not read it here. */
const BODY_CHARS = 200

/** @typedef {{at: number, label: string, tone: string, user?: string, text: string}} Line */

export class EventList {
  #list = byId('events', HTMLOListElement)
  #show
  /** @type {Line[]} */ #waiting = []
  #timer = 0
  #seen = 0
  /** Of the newest fate that stands in the list. */
  #fateTime = 0
  /** @type {Set<string>} */ #fatesThen = new Set()

  /** @param {(user: string) => void} show */
  constructor(show) {
    this.#show = show
  }

  /** @param {{time: number, sender?: string, flag?: string, body: any}} message of the channel `events` */
  event({ time, sender, body }) {
    if (sender !== undefined) {
      const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
      this.#add({ at: time, label: 'says', tone: 'out', user: sender, text: text.length > BODY_CHARS ? `${text.slice(0, BODY_CHARS)}…` : text })
    } else if (typeof body?.user === 'string') {
      this.#add({ at: time, label: body.online ? 'came' : 'went', tone: body.online ? 'good' : 'info', user: body.user, text: '' })
    }
  }

  /** @param {import('./figures.js').Fate[]} recent the newest first, the same ones again and again */
  fates(recent) {
    for (const fate of [...recent].reverse()) {
      const name = `${fate.time} ${fate.session} ${fate.what} ${fate.position}`
      if (fate.time < this.#fateTime || this.#fatesThen.has(name)) continue
      if (fate.time > this.#fateTime) this.#fatesThen.clear()
      this.#fateTime = fate.time
      this.#fatesThen.add(name)
      this.#add(fateLine(fate))
    }
  }

  /** @param {Line} line */
  #add(line) {
    this.#seen++
    this.#waiting.push(line)
    if (this.#waiting.length > LINES) this.#waiting.shift()
    this.#timer ||= window.setTimeout(() => this.#draw(), EVERY)
  }

  #draw() {
    this.#timer = 0
    const rows = this.#waiting.splice(0).map((line) => this.#row(line))
    this.#list.prepend(...rows.reverse())
    while (this.#list.childElementCount > LINES) this.#list.lastElementChild?.remove()
    byId('events-empty', HTMLElement).hidden = true
    byId('events-count', HTMLElement).textContent = plural(this.#seen, 'event') + (this.#seen > LINES ? `, the last ${LINES} are here` : '')
  }

  /** @param {Line} line */
  #row({ at, label, tone, user, text }) {
    const date = new Date(at)
    const time = make('time', '', date.toLocaleTimeString('en-GB'))
    time.dateTime = time.title = date.toISOString()
    const what = make('div', 'what', make('span', 'chip label', label), ' ')
    if (user === undefined) {
      what.append(make('span', 'muted', 'a back end'))
    } else {
      const button = make('button', 'link', make('bdi', '', user))
      button.type = 'button'
      button.addEventListener('click', () => this.#show(user))
      what.append(button)
    }
    if (text) what.append(': ', make('bdi', 'body', text))
    return make('li', `line note-line ${tone}`, time, what)
  }
}

/** @param {import('./figures.js').Fate} fate @returns {Line} */
function fateLine({ time, what, user, code, channel, missed }) {
  const at = time
  switch (what) {
    case 'closed': return { at, label: 'closed', tone: code === 4101 || code === 4104 ? 'bad' : 'info', user, text: closeWords(code) }
    case 'slow': return { at, label: 'slow', tone: 'warn', user, text: `reads ${channel} too slowly: fed from the history` }
    default: return { at, label: 'gap', tone: 'warn', user, text: missed === null
      ? `was told that messages of ${channel} may be missing` : `was told that ${plural(missed ?? 0, 'message')} of ${channel} cannot be had any more` }
  }
}

/** @param {number} [code] */
export function closeWords(code) {
  const words = /** @type {Record<number, string>} */ ({
    1000: 'the client left', 1001: 'the client left', 1006: 'the line broke', 1009: 'sent too much', 4000: 'bad request', 4001: 'no valid token', 4003: 'forbidden',
    4008: 'disconnected by an operator', 4029: 'too many connections', 4101: 'too slow', 4103: 'the server restarts',
    4104: 'no sign of life', 4110: 'token expired', 4129: 'too many messages',
  })[code ?? 0]
  return words ? `${words} (${code})` : `(${code})`
}
