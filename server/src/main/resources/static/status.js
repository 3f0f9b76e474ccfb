// @ts-check
// What the line is doing: a sentence, why, and how long until the next attempt.
import { byId } from './dom.js'

/** Milliseconds between two looks at the countdown. */
const TICK = 200

/** What a close code says when the server gave no reason: the browser's own, and Parley's table. */
const CODES = /** @type {Record<number, string>} */ ({
  1000: 'closed', 1001: 'going away', 1005: 'closed without a reason', 1009: 'too large',
  4000: 'bad request', 4001: 'bad or missing token', 4003: 'forbidden', 4008: 'kicked', 4029: 'too many connections',
  4101: 'too slow', 4103: 'the server restarts', 4104: 'no heartbeat', 4110: 'token expired', 4129: 'too many messages',
})

/**
 * @typedef {object} Change
 * @property {string} status
 * @property {string} [previous]
 * @property {number} [code]
 * @property {string} [reason]
 * @property {number} [delay] milliseconds until the next attempt
 */

export class StatusBar {
  #bar = byId('status-bar', HTMLElement)
  #text = byId('status', HTMLElement)
  #countdown = byId('countdown', HTMLElement)
  #timer = 0

  /** @param {Change & {user: string}} change */
  show({ status, user, code, reason, delay }) {
    window.clearInterval(this.#timer)
    this.#bar.dataset.status = status
    this.#text.textContent = this.#text.title = sentence(status, user, code, reason)
    // Outside the live region: a screen reader shall not count seconds aloud.
    this.#countdown.textContent = ''
    if (status !== 'waiting' || delay === undefined) return
    const due = performance.now() + delay
    const tick = () => {
      const left = Math.max(0, due - performance.now())
      this.#countdown.textContent = `Next attempt in ${left < 9950 ? (left / 1000).toFixed(1) : Math.round(left / 1000)} s`
    }
    tick()
    this.#timer = window.setInterval(tick, TICK)
  }

  /**
   * The same for the log.
   * @param {Change} change @param {string} user
   * @returns {['info' | 'good' | 'warn' | 'bad', string, string]}
   */
  line({ status, code, reason, delay }, user) {
    const again = status === 'waiting' && delay !== undefined ? ` · next attempt in ${(delay / 1000).toFixed(1)} s` : ''
    return [TONES[status] ?? 'info', 'line', sentence(status, user, code, reason) + again]
  }
}

const TONES = /** @type {Record<string, 'info' | 'good' | 'warn' | 'bad'>} */ ({
  open: 'good', waiting: 'warn', suspended: 'warn', closed: 'bad',
})

/** @param {string} status @param {string} user @param {number} [code] @param {string} [reason] */
function sentence(status, user, code, reason) {
  const words = reason || (code === undefined ? '' : (CODES[code] ?? ''))
  const why = (code === undefined ? '' : ` (${code})`) + (words && `: ${words}`)
  switch (status) {
    case 'connecting': return `Connecting as ${user} …${why && ` after${why}`}`
    case 'open': return `Connected as ${user}`
    case 'waiting': return `Line lost${why}`
    case 'suspended': return 'Line cut. Messages wait for you.'
    case 'closed': return `Closed${why}`
    default: return 'Not connected'
  }
}
