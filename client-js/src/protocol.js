// @ts-check
/**
 * The wire mode `parley.v1`: the only file that knows the names of frames and the numbers of close codes.
 * The server's codec and this one are tested against the same files (server/src/test/resources/wire).
 */

export const SUBPROTOCOL = 'parley.v1'

/** Bytes in one frame from a client: the server closes with 1009, for good, on a larger one. */
export const MAX_FRAME_BYTES = 65536

/**
 * Where a channel stands, as the server tells it in `welcome` and `subscribed`. `position` is just before the
 * next message to come, what comes at or below `newest` is recovered history, `missed` is null when nobody knows.
 * @typedef {{position: string, newest: string, recovered: boolean, missed: number | null}} Standing
 */
/**
 * @typedef {{type: 'hello', resume?: Record<string, string>, topics?: string[]}
 *   | {type: 'subscribe', topic: string, since?: string}
 *   | {type: 'unsubscribe', topic: string}
 *   | {type: 'send', ref?: string, reception?: string, flag?: string, body: unknown}
 *   | {type: 'ack', channel: string, position: string, failed?: string[]}
 *   | {type: 'reply', ask: string, body: unknown}
 *   | {type: 'ping'}} ClientFrame
 */
/**
 * @typedef {{type: 'welcome', session: string, user: string, heartbeat: number,
 *   channels: Record<string, Standing>}} Welcome `heartbeat` in seconds
 */
/**
 * @typedef {{type: 'message', channel: string, position?: string, id: string, time: number, sender?: string,
 *   reception?: string, flag?: string, body: unknown, ack?: boolean}} MessageFrame
 */
/** @typedef {{type: 'ask', ask: string, body: unknown, flag?: string}} AskFrame */
/**
 * @typedef {Welcome | MessageFrame | AskFrame
 *   | {type: 'subscribed', topic: string} & Standing
 *   | {type: 'unsubscribed', topic: string}
 *   | {type: 'gap', channel: string, missed: number | null, position: string}
 *   | {type: 'sent', ref: string, id: string, online: number}
 *   | {type: 'error', ref?: string, code: string, detail: string}
 *   | {type: 'ping'} | {type: 'pong'}
 *   | {type: 'reconnect', in: number}} ServerFrame
 */

/**
 * The text of a frame. Its members keep their order, which must be that of `ClientFrame`; undefined ones are left out.
 * @param {ClientFrame} frame
 * @returns {string}
 * @throws {TypeError} when the body is no JSON value (a cycle, a BigInt)
 */
export const encode = frame => JSON.stringify(frame)

/**
 * The frame in a text from the server. Types that this version does not know are passed on, to be ignored.
 * @param {unknown} text
 * @returns {ServerFrame}
 * @throws {Error} when it is none, or a `welcome` that cannot be lived with
 */
export function decode(text) {
  const frame = JSON.parse(/** @type {string} */ (text))
  if (!frame.type || (frame.type === 'welcome' && !(frame.heartbeat > 0))) throw Error('no frame')
  return frame
}

/**
 * @param {unknown} text `epoch-offset`
 * @returns {{epoch: string, offset: number} | null} null when it is no position
 */
export function parsePosition(text) {
  const parts = /^(.+)-(\d+)$/.exec(String(text))
  return parts && { epoch: parts[1], offset: +parts[2] }
}

/**
 * What a client does after a close. `stay`: never come back by itself; `token`: come back once, with a new token,
 * if it can get one; `fresh`: come back, with a new token if it can get one; `back`: come back.
 * @param {number | undefined} code undefined when the client gave the line up
 * @returns {'stay' | 'token' | 'fresh' | 'back'}
 */
export function afterClose(code) {
  // bad request, forbidden, kicked, binary, too large
  if (code === 4000 || code === 4003 || code === 4008 || code === 1003 || code === 1009) return 'stay'
  if (code === 4001) return 'token' // bad or missing
  if (code === 4110) return 'fresh' // token expired
  return 'back' // 4029 4101 4103 4104 4129, and whatever networks do: 1006, 1001, 1011
}

/** What `send` rejects with, and what misuse throws. `code` is stable, `message` is for humans. */
export class ParleyError extends Error {
  /**
   * @param {string} code
   * @param {string} detail
   */
  constructor(code, detail) {
    super(detail)
    this.name = 'ParleyError'
    /** @readonly */
    this.code = code
  }
}
