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
 *
 * @param {import('./types.js').Settings} settings
 */
export function createSends({ maxQueued }) {
  /** @type {Entry[]} */
  let waiting = []
  /** By `ref`. @type {Map<string, Entry>} */
  const sent = new Map()
  let refs = 0

  return {
    /**
     * @param {{reception?: string, flag?: string, body: unknown}} message its members in this order, that of the wire
     * @param {boolean} open whether the line takes it soon; if not, `maxQueued` may wait
     * @returns {Promise<Sent>}
     */
    add(message, open) {
      return new Promise((resolve, reject) => {
        const ref = String(++refs)
        const text = encodeBounded({ type: 'send', ref, ...message })
        if (!open && waiting.length >= maxQueued) throw new ParleyError('queue_full', `${maxQueued} messages wait`)
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
      const error = new ParleyError('unconfirmed', 'the line was lost before the answer')
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
  let text = ''
  try {
    text = encode(frame)
  } catch {
    // a cycle, a BigInt
  }
  // Inside of a string its quotes would be escaped.
  if (!text.includes('"body":')) throw new ParleyError('bad_frame', 'no body, or not JSON')
  const bytes = new TextEncoder().encode(text).length
  if (bytes > MAX_FRAME_BYTES) throw new ParleyError('too_large', 'more than 64 KiB')
  return text
}
