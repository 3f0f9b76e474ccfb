// @ts-check
import { decode, encode } from './protocol.js'
import { createTimer } from './timer.js'

/** Silence beyond the server's heartbeat after which a line is dead, ms: a slow network, not a lost ping. */
const GRACE = 10_000
/** How long an answer to a probe may take, ms: any frame is one. */
const PROBE = 5_000
/** A timer that fires this far from its time, ms: the page slept or the clock was set. It says nothing of the line. */
const LATE = 2_000

const nothing = () => {}

/**
 * How an attempt ended: by the server or the network, which have a code, or by our own judgement. `openedAt`: when
 * its `welcome` came, if it did. `comeBackAt`: when the server wants us back, if it said so.
 * @typedef {{code?: number, reason: string, openedAt?: number, comeBackAt?: number}} End
 */
/**
 * @typedef {object} Owner
 * @property {() => string} hello the first frame
 * @property {(frame: import('./protocol.js').ServerFrame) => void} frame every frame, the first is a `welcome`
 * @property {(end: End) => void} gone once, unless the attempt was dropped
 * @property {(code: string, detail: string, about: {cause: unknown}) => void} report what went wrong and did not end it
 */
/** @typedef {ReturnType<typeof createAttempt>} Attempt */

/**
 * One attempt at a connection and the one socket of it, from the first step to its end. After the end, which
 * comes once, or `drop`, nothing of it reaches the owner any more: late events of an old socket can do nothing.
 *
 * @param {import('./types.js').Settings} settings
 * @param {Owner} owner
 */
export function createAttempt(settings, owner) {
  const { now, WebSocket, connectTimeout } = settings
  /** First for `welcome`, then for silence. */
  const timer = createTimer(settings)
  /** @type {any} */
  let socket
  let ended = false
  /** When the timer should fire. */
  let due = 0
  /** Silence allowed, ms; 0 before `welcome`. */
  let allowed = 0
  /** When the last frame came. */
  let heard = 0
  /** When the probe that is under way was sent. @type {number | undefined} */
  let probed
  /** @type {number | undefined} */
  let openedAt
  /** @type {number | undefined} */
  let comeBackAt

  /** @param {string} text */
  function send(text) {
    if (socket?.readyState !== 1) return false
    socket.send(text)
    return true
  }

  /**
   * @param {number} ms
   * @param {() => void} run
   */
  function arm(ms, run) {
    due = now() + ms
    timer.set(ms, run)
  }

  /** The timer for silence: judges by time stamps, never by how often it fired. */
  function check() {
    const time = now()
    const end = probed === undefined ? heard + allowed : probed + PROBE
    if (heard <= time && time < end) arm(end - time, check)
    else if (Math.abs(time - due) > LATE) ask()
    else finish({ reason: 'silent' })
  }

  function ask() {
    probed = now()
    arm(PROBE, check)
    send(encode({ type: 'ping' }))
  }

  /** @param {unknown} text */
  function receive(text) {
    if (ended) return
    heard = now()
    probed = undefined
    try {
      take(decode(text))
    } catch (cause) {
      owner.report('bad_frame', String(cause), { cause })
    }
  }

  /** @param {import('./protocol.js').ServerFrame} frame */
  function take(frame) {
    if (frame.type === 'welcome') {
      openedAt = heard
      allowed = frame.heartbeat * 1000 + GRACE
      arm(allowed, check)
    } else if (frame.type === 'reconnect') {
      comeBackAt = heard + frame.in
    } else if (openedAt === undefined && frame.type !== 'error') {
      return finish({ reason: 'no welcome' })
    }
    owner.frame(frame)
  }

  /** Ends it without a word to the owner, and does not wait for the socket: some never say that they are closed. */
  function drop() {
    ended = true
    timer.clear()
    if (!socket) return
    // `onerror` stays: the npm package ws throws an error event that nobody takes.
    socket.onopen = socket.onmessage = socket.onclose = nothing
    socket.close(1000)
  }

  /**
   * Ends it and tells the owner.
   * @param {{code?: number, reason: string}} how
   */
  function finish({ code, reason }) {
    if (ended) return
    drop()
    owner.gone({ code, reason, openedAt, comeBackAt })
  }

  arm(connectTimeout, () => finish({ reason: 'no welcome' }))

  return {
    drop,
    finish,
    /** Whether it left: false when the line cannot take it any more, and the end is near. */
    send,

    /**
     * Opens the socket: the second step, once the token is known.
     * @param {string} url
     * @param {string[]} protocols
     */
    open(url, protocols) {
      try {
        socket = new WebSocket(url, protocols)
      } catch (cause) {
        return finish({ code: 4000, reason: String(cause) }) // our own bad request: it would fail again
      }
      socket.onopen = () => send(owner.hello())
      socket.onmessage = (/** @type {{data: unknown}} */ event) => receive(event.data)
      socket.onclose = finish
      socket.onerror = nothing // a close follows
    },

    /** Asks for a sign of life, unless a question is already under way: after a sleep, or on another network. */
    probe() {
      if (allowed && probed === undefined) ask()
    },
  }
}
