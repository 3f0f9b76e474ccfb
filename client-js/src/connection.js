// @ts-check
import { createAttempt } from './attempt.js'
import { backoff } from './backoff.js'
import { afterClose, SUBPROTOCOL } from './protocol.js'
import { createTimer } from './timer.js'

/**
 * @typedef {object} Owner
 * @property {string} url
 * @property {() => string} hello
 * @property {(frame: import('./protocol.js').ServerFrame) => void} frame the `welcome` just before the line is open
 * @property {(change: import('./types.js').StatusChange) => void} status
 * @property {() => void} leaving the line, if there is one, is about to be closed
 * @property {() => void} lost the line is gone, and everything that was under way on it
 * @property {(code: string, detail: string, about?: {cause: unknown}) => void} report
 */

const WAKES = ['online', 'visibilitychange', 'pageshow', 'pagehide']

/**
 * The line to the server, over any number of attempts: decides when there is one. Hides every socket.
 *
 * @param {import('./types.js').Settings} settings
 * @param {Owner} owner
 */
export function createConnection(settings, owner) {
  const { events, getToken, now } = settings
  /** The only state; `become` alone changes it. @type {import('./types.js').Status} */
  let status = 'idle'
  /** Changes that the owner has not been told yet, in order. @type {import('./types.js').StatusChange[]} */
  const changes = []
  /** The only attempt, when `connecting` or `open`. @type {import('./attempt.js').Attempt | null} */
  let current = null
  /** For the next attempt, when `waiting`. */
  const timer = createTimer(settings)
  /** When the server wants us back, not earlier; 0 when the wait is our own. */
  let notBefore = 0
  /** Attempts that failed since the last stable connection. */
  let failures = 0
  /** The token of the next attempt; undefined: fetch one. */
  let { token } = settings
  /** Whether the server refused the last token. */
  let refused = false

  /**
   * The only place that changes the status. A handler that changes it again is told after the others were told this.
   * @param {import('./types.js').Status} next
   * @param {{code?: number, reason?: string, delay?: number}} [more]
   */
  function become(next, more) {
    changes.push({ status: next, previous: status, ...more })
    status = next
    if (changes.length > 1) return
    while (changes.length) {
      owner.status(changes[0])
      changes.shift()
    }
  }

  /**
   * Adding a listener again adds nothing.
   * @param {'add' | 'remove'} act
   */
  function listen(act) {
    for (const name of WAKES) events[`${act}EventListener`]?.(name, wake)
  }

  /** @param {{code?: number, reason?: string}} [why] what ended the attempt before */
  function begin(why) {
    timer.clear()
    const attempt = createAttempt(settings, { hello: owner.hello, report: owner.report, frame, gone })
    const open = () =>
      attempt.open(owner.url, token ? [SUBPROTOCOL, `parley.token.${token}`] : [SUBPROTOCOL])
    current = attempt
    become('connecting', why)
    if (current !== attempt) return // a status handler decided otherwise
    if (token !== undefined || !getToken) return open()
    new Promise(resolve => resolve(getToken())).then(
      fetched => {
        if (current !== attempt) return
        token = /** @type {string | undefined} */ (fetched)
        open()
      },
      cause => {
        if (current !== attempt) return
        owner.report('token', 'getToken failed', { cause })
        attempt.finish({ reason: 'getToken failed' })
      },
    )
  }

  /** @param {import('./protocol.js').ServerFrame} frame */
  function frame(frame) {
    owner.frame(frame)
    if (frame.type !== 'welcome') return
    refused = false
    become('open')
  }

  /**
   * The attempt ended without our will: come back or stay away.
   * @param {import('./attempt.js').End} end
   */
  function gone({ code, reason, openedAt, comeBackAt }) {
    current = null
    owner.lost()
    const why = { code, reason }
    const rule = afterClose(code)
    if (getToken && rule !== 'back') token = undefined
    if (rule === 'stay' || (rule === 'token' && (refused || !getToken))) return leave('closed', why)
    refused ||= rule === 'token'

    const time = now()
    if (openedAt !== undefined && time - openedAt >= settings.stableAfter) failures = 0
    if (comeBackAt !== undefined) wait(Math.max(0, comeBackAt - time), why, comeBackAt)
    else if (openedAt !== undefined && code === undefined) begin(why) // it fell silent
    else wait(backoff(++failures, settings), why)
  }

  /**
   * @param {number} delay ms
   * @param {{code?: number, reason?: string}} why
   * @param {number} [until]
   */
  function wait(delay, why, until = 0) {
    notBefore = until
    timer.set(delay, () => begin())
    become('waiting', { ...why, delay })
  }

  /**
   * Goes down and stays down.
   * @param {'suspended' | 'closed'} next
   * @param {{code?: number, reason?: string}} [why]
   */
  function leave(next, why) {
    if (status === next || status === 'closed') return
    timer.clear()
    if (next === 'closed') listen('remove')
    drop()
    become(next, why)
  }

  function drop() {
    owner.leaving()
    if (!current) return
    current.drop()
    current = null
    owner.lost()
  }

  /**
   * Something happened that may have changed the network, or the page was asleep.
   * @param {{type: string}} event
   */
  function wake({ type }) {
    if (type === 'pagehide') {
      // A page with an open socket is not kept for the back button. Should it live on, it comes back by itself.
      const live = current
      drop()
      if (live) wait(backoff(1, settings), { reason: 'the page was left' })
    } else if (type === 'visibilitychange' && events.document?.visibilityState === 'hidden') {
      return
    } else if (status === 'waiting') {
      if (now() >= notBefore) begin()
    } else {
      current?.probe()
    }
  }

  return {
    get status() {
      return status
    },

    /**
     * @param {string} text
     * @returns {boolean} whether it left; only an open line takes anything
     */
    send(text) {
      return status === 'open' && !!current?.send(text)
    },

    /** Connects now, whatever the back-off says. */
    connect() {
      if (current) return
      failures = 0
      refused = false
      listen('add')
      begin()
    },

    /** Stays down until `connect`. */
    suspend() {
      leave('suspended')
    },

    close() {
      leave('closed')
    },
  }
}
