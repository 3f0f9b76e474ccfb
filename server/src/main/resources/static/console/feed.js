// @ts-check
// The console's stream: figures once a second, and what back ends hear, over `/socket/events?stats=true`. It is an event
// stream, but an EventSource sends no key; so it is read here. Nobody looks at a hidden page, and so it has no stream.
import { keyHeaders } from '../key.js'

/** Milliseconds before the next attempt: the first, and the longest. */
const FIRST_WAIT = 500
const LONGEST_WAIT = 10_000
/** Milliseconds without a line that mean a dead one: figures come every second. */
const SILENCE = 10_000

/**
 * @typedef {object} Told
 * @property {(stats: import('./figures.js').Stats) => void} stats
 * @property {(event: {time: number, id: string, sender?: string, flag?: string, body: any}) => void} event
 * @property {(status: 'connecting' | 'open' | 'waiting' | 'refused' | 'paused', reason: string) => void} status
 */

export class Feed {
  #key
  #told
  #lastId = ''
  #wait = FIRST_WAIT
  #timer = 0
  /** Of the attempt under way. @type {AbortController | null} */ #attempt = null

  /** @param {() => string} key @param {Told} told */
  constructor(key, told) {
    this.#key = key
    this.#told = told
    document.addEventListener('visibilitychange', () => (document.hidden ? this.#pause() : this.start()))
    window.addEventListener('pagehide', () => this.#pause())
    window.addEventListener('pageshow', (event) => event.persisted && this.start())
  }

  /** Connects now, anew if need be: there is another key, or somebody looks again. */
  start() {
    this.#stop()
    if (!document.hidden) void this.#run()
  }

  #pause() {
    this.#stop()
    this.#told.status('paused', '')
  }

  #stop() {
    window.clearTimeout(this.#timer)
    this.#attempt?.abort()
    this.#attempt = null
  }

  async #run() {
    const attempt = new AbortController()
    this.#attempt = attempt
    this.#told.status('connecting', '')
    let reason = 'The server ended the stream.'
    try {
      await this.#read(attempt)
    } catch (failure) {
      reason = failure instanceof Refused ? failure.message : 'The server does not answer.'
      if (failure instanceof Refused && this.#attempt === attempt) {
        this.#attempt = null
        return this.#told.status('refused', reason) // another key may help, another attempt does not
      }
    }
    if (this.#attempt !== attempt) return
    this.#attempt = null
    const wait = this.#wait * (0.5 + Math.random() / 2)
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2)
    this.#told.status('waiting', reason)
    this.#timer = window.setTimeout(() => this.start(), wait)
  }

  /** @param {AbortController} attempt */
  async #read(attempt) {
    let silence = window.setTimeout(() => attempt.abort(), SILENCE)
    const headers = { ...keyHeaders(this.#key()), ...(this.#lastId && { 'Last-Event-ID': this.#lastId }) }
    try {
      const answer = await fetch('socket/events?stats=true', { headers, cache: 'no-store', signal: attempt.signal })
      if (!answer.ok || !answer.body) {
        const problem = await answer.json().catch(() => ({}))
        throw answer.status < 500 ? new Refused(problem.detail ?? `The server says ${answer.status}.`) : new Error()
      }
      this.#told.status('open', '')
      const parser = new Parser((id, data) => this.#heard(id, data))
      const decoder = new TextDecoder()
      for (const reader = answer.body.getReader(); ; ) {
        const { done, value } = await reader.read()
        if (done || this.#attempt !== attempt) return
        window.clearTimeout(silence)
        silence = window.setTimeout(() => attempt.abort(), SILENCE)
        parser.add(decoder.decode(value, { stream: true }))
      }
    } finally {
      window.clearTimeout(silence)
    }
  }

  /** @param {string} id @param {string} data */
  #heard(id, data) {
    if (id) this.#lastId = id
    if (!data) return
    const frame = JSON.parse(data)
    if (frame.type === 'stats') {
      this.#wait = FIRST_WAIT
      this.#told.stats(frame)
    } else if (frame.type === 'message') {
      this.#told.event(frame)
    }
  }
}

/** The server answered, and the answer is no. */
class Refused extends Error {}

/** Lines of `text/event-stream` become events. The server ends lines with a line feed. */
export class Parser {
  #told
  #rest = ''
  #id = ''
  #data = ''

  /** @param {(id: string, data: string) => void} told */
  constructor(told) {
    this.#told = told
  }

  /** @param {string} text as it came, perhaps half a line */
  add(text) {
    const lines = (this.#rest + text).split('\n')
    this.#rest = /** @type {string} */ (lines.pop())
    for (const line of lines) this.#line(line)
  }

  /** @param {string} line */
  #line(line) {
    if (line.startsWith('id: ')) this.#id = line.slice(4)
    else if (line.startsWith('data: ')) this.#data += (this.#data && '\n') + line.slice(6)
    else if (line === '' && (this.#id || this.#data)) {
      this.#told(this.#id, this.#data)
      this.#id = this.#data = ''
    }
  }
}
