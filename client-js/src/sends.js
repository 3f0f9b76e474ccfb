// @ts-check
import { encode, MAX_FRAME_BYTES, ParleyError } from './protocol.js'

/** @typedef {{id: string, online: number}} Sent `online`: how many sessions the message was for */
/**
 * @typedef {object} Entry
 * @property {string} ref
 * @property {string} text of its frame
 * @property {(sent: Sent) => void} resolve
 * @property {(error: ParleyError) => void} reject
 */

/**
 * What the application sends. A message waits here until a line takes it, then for its `sent`; it goes out once:
 * when the line dies before `sent`, nobody knows whether it arrived, and only the application can say what to do.
 */
export function createSends() {
  /** @type {Entry[]} */
  let waiting = []
  /** By `ref`. @type {Map<string, Entry>} */
  const sent = new Map()
  let refs = 0

  return {
    /**
     * @param {{reception?: string, flag?: string, body: unknown}} message
     * @param {number} room how many may wait; Infinity when the line is open
     * @returns {Promise<Sent>}
     */
    add({ reception, flag, body }, room) {
      return new Promise((resolve, reject) => {
        const ref = String(++refs)
        const text = encodeBounded({ type: 'send', ref, reception, flag, body })
        if (waiting.length >= room) throw new ParleyError('queue_full', `${room} messages wait already`)
        waiting.push({ ref, text, resolve, reject })
      })
    },

    /** @param {(text: string) => boolean} send false when the line takes nothing */
    pump(send) {
      for (let entry; (entry = waiting[0]) && send(entry.text); ) {
        waiting.shift()
        sent.set(entry.ref, entry)
      }
    },

    /**
     * @param {string} ref
     * @returns {Entry | undefined} whose answer it is
     */
    answered(ref) {
      const entry = sent.get(ref)
      sent.delete(ref)
      return entry
    },

    /** The line is gone: what was sent and not confirmed stays unknown. */
    lost() {
      const error = new ParleyError('unconfirmed', 'the connection was lost before the answer')
      for (const entry of sent.values()) entry.reject(error)
      sent.clear()
    },

    /** No line will come: nothing waits any longer. */
    closed() {
      for (const entry of waiting) entry.reject(new ParleyError('closed', 'closed'))
      waiting = []
    },
  }
}

/**
 * @param {import('./protocol.js').ClientFrame & {body: unknown}} frame
 * @returns {string}
 * @throws {ParleyError} when the server would refuse it
 */
export function encodeBounded(frame) {
  let text
  try {
    if (JSON.stringify(frame.body)) text = encode(frame)
  } catch {
    // a cycle, a BigInt
  }
  if (!text) throw new ParleyError('bad_frame', 'the body is missing or not JSON')
  // A character is three bytes at most: short texts need no count.
  const bytes = text.length * 3 > MAX_FRAME_BYTES ? new TextEncoder().encode(text).length : 0
  if (bytes > MAX_FRAME_BYTES) throw new ParleyError('too_large', `${bytes} bytes, at most ${MAX_FRAME_BYTES}`)
  return text
}
