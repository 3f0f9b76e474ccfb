// @ts-check
// The live log: a bounded list that a burst cannot freeze. Lines wait here until the next animation frame; what would
// scroll out of the bound before it was ever seen is counted and never becomes an element.
import { byId, make, plural } from './dom.js'

/** Lines on the page, and lines waiting for it. More is no use to a reader and slows the page. */
const LINES = 500
/** Lines made in one frame: keeps a frame well under 50 ms on a slow phone. */
const LINES_PER_FRAME = 60
/** Characters of one body; a message may be 1 MiB. */
const BODY_CHARS = 1200
/** Milliseconds between two announcements to a screen reader. */
const ANNOUNCE_EVERY = 1500

/**
 * @typedef {object} Message as the client library gives it
 * @property {string} channel
 * @property {string} [position]
 * @property {string} [id]
 * @property {number} time
 * @property {string} [sender]
 * @property {string} [reception]
 * @property {string} [flag]
 * @property {unknown} body
 * @property {boolean} [recovered]
 */

/**
 * @typedef {object} Note a line that is no message: what happened to the line, or what went out
 * @property {'info' | 'good' | 'warn' | 'bad' | 'out'} tone
 * @property {string} label one word in front
 * @property {string} text
 * @property {string} [position]
 */

/** @typedef {{at: number, message: Message} | {at: number, note: Note}} Line */

export class LiveLog {
  #list = byId('log', HTMLOListElement)
  #scroll = byId('log-scroll', HTMLElement)
  #empty = byId('log-empty', HTMLElement)
  #count = byId('log-count', HTMLElement)
  #note = byId('log-note', HTMLElement)
  #jump = byId('log-jump', HTMLButtonElement)
  #announcer = byId('log-announce', HTMLElement)

  /** @type {Line[]} */ #waiting = []
  #frame = 0
  #messages = 0
  #dropped = 0
  #unseen = 0
  /** The reader is at the end, and stays there. */
  #following = true
  #unannounced = 0
  #announceTimer = 0

  constructor() {
    byId('clear-log', HTMLButtonElement).addEventListener('click', () => this.clear())
    const positions = byId('show-positions', HTMLInputElement)
    const show = () => {
      this.#list.classList.toggle('with-positions', positions.checked)
      this.#follow()
    }
    positions.addEventListener('change', show)
    show()
    this.#jump.addEventListener('click', () => {
      this.#following = true
      this.#follow()
      this.#scroll.focus()
    })
    this.#scroll.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    new ResizeObserver(() => this.#follow()).observe(this.#scroll)
  }

  /** @param {Message} message */
  message(message) {
    this.#messages++
    this.#announce(message)
    this.#add({ at: message.time, message })
  }

  /** @param {Note['tone']} tone @param {string} label @param {string} text @param {string} [position] */
  note(tone, label, text, position) {
    this.#add({ at: Date.now(), note: { tone, label, text, position } })
  }

  clear() {
    this.#waiting = []
    this.#list.replaceChildren()
    this.#messages = this.#dropped = this.#unseen = 0
    this.#following = true
    this.#summarise()
  }

  /** @param {Line} line */
  #add(line) {
    this.#waiting.push(line)
    if (this.#waiting.length > LINES + LINES_PER_FRAME) {
      this.#dropped += this.#waiting.length - LINES
      this.#waiting = this.#waiting.slice(-LINES)
    }
    this.#frame ||= requestAnimationFrame(() => this.#draw())
  }

  #draw() {
    this.#frame = 0
    const lines = this.#waiting.splice(0, LINES_PER_FRAME)
    const today = new Date().toDateString()
    const rows = document.createDocumentFragment()
    for (const line of lines) rows.append(row(line, today))
    this.#list.append(rows)
    while (this.#list.childElementCount > LINES) {
      this.#list.firstElementChild?.remove()
      this.#dropped++
    }
    if (!this.#following) this.#unseen += lines.length
    this.#summarise()
    this.#follow()
    if (this.#waiting.length) this.#frame = requestAnimationFrame(() => this.#draw())
  }

  #summarise() {
    this.#count.textContent = this.#messages ? plural(this.#messages, 'message') : 'no messages yet'
    this.#empty.hidden = this.#list.childElementCount > 0
    this.#note.hidden = this.#dropped === 0
    this.#note.textContent =
      `The last ${LINES} lines are shown; ${plural(this.#dropped, 'older one is', 'older ones are')} no longer on this page.`
    this.#jump.hidden = this.#following || this.#unseen === 0
    this.#jump.textContent = `${plural(this.#unseen, 'new line')} ↓`
  }

  #follow() {
    if (this.#following) this.#scroll.scrollTop = this.#scroll.scrollHeight
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll
    this.#following = scrollHeight - scrollTop - clientHeight < 32
    if (this.#following) this.#unseen = 0
    this.#jump.hidden = this.#following || this.#unseen === 0
  }

  /**
   * A live region on the list itself would read 10,000 lines aloud: one sentence at a time instead.
   * @param {Message} message
   */
  #announce(message) {
    this.#unannounced++
    this.#announceTimer ||= window.setTimeout(() => {
      this.#announcer.textContent = this.#unannounced > 1
        ? plural(this.#unannounced, 'new message')
        : `${message.sender ?? message.channel}: ${shorten(textOf(message.body), 200)}`
      this.#announceTimer = this.#unannounced = 0
    }, ANNOUNCE_EVERY)
  }
}

/** @param {Line} line @param {string} today @returns {HTMLLIElement} */
function row(line, today) {
  const at = new Date(line.at)
  const time = make('time', '', clock(at, today))
  time.dateTime = time.title = at.toISOString()
  return 'message' in line ? messageRow(line.message, time) : noteRow(line.note, time)
}

/** @param {Message} message @param {HTMLTimeElement} time */
function messageRow(message, time) {
  const { channel, sender, flag, recovered, body, position, id } = message
  const item = make('li', recovered ? 'line message recovered' : 'line message')
  const kind = channel.split(':', 1)[0]
  const what = make('div', 'what', make('span', `chip channel ${kind}`, channel))
  if (sender) what.append(' ', make('span', 'sender', make('bdi', '', sender)))
  if (flag) what.append(' ', make('bdi', 'chip flag', flag))
  if (recovered) what.append(' ', make('span', 'chip mark', 'recovered'))
  const text = textOf(body)
  const shown = make('span', typeof body === 'string' ? 'body' : 'body json', shorten(text, BODY_CHARS))
  shown.dir = 'auto'
  what.append(' ', shown)
  if (text.length > BODY_CHARS) {
    what.append(' ', make('span', 'muted', `${plural(text.length - BODY_CHARS, 'more character')}`))
  }
  if (position || id) what.append(make('span', 'position', [position ?? 'no position', id].filter(Boolean).join('  ·  ')))
  item.append(time, what)
  return item
}

/** @param {Note} note @param {HTMLTimeElement} time */
function noteRow(note, time) {
  const text = make('bdi', 'body', shorten(note.text, BODY_CHARS))
  const what = make('div', 'what', make('span', 'chip label', note.label), ' ', text)
  if (note.position) what.append(make('span', 'position', note.position))
  return make('li', `line note-line ${note.tone}`, time, what)
}

/** @param {Date} at @param {string} today */
function clock(at, today) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0')
  const ofDay = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return at.toDateString() === today
    ? `${ofDay}.${String(at.getMilliseconds()).padStart(3, '0')}`
    : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${ofDay}`
}

/** @param {unknown} body */
function textOf(body) {
  return typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
}

/** @param {string} text @param {number} most */
function shorten(text, most) {
  return text.length > most ? text.slice(0, most) + '…' : text
}
