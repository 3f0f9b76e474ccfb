// @ts-check
import { ParleyError } from './protocol.js'

/** Where Parley runs when nothing else is said, and there is no page. */
const DEFAULT = 'http://localhost:7777'

/**
 * @param {string} url a base, `http(s)` or `ws(s)`, or a path of the page's origin
 * @param {string | number} user
 * @returns {string}
 */
export function socketUrl(url, user) {
  if (!user && user !== 0) throw new TypeError('options.user is missing')
  const base = new URL(url || '/', globalThis.location?.href ?? DEFAULT)
  const protocol = base.protocol.replace('http', 'ws')
  if (!/^wss?:$/.test(protocol)) throw new TypeError(`"${base}" is no URL such as ${DEFAULT}`)
  return `${protocol}//${base.host}${base.pathname.replace(/\/+$/, '')}/websocket/${encodeURIComponent(user)}`
}

/**
 * @param {import('./types.js').Outgoing} message
 * @returns {string | undefined}
 */
export function receptionOf({ to, topic, everyone, reception }) {
  const named = [
    to !== undefined && `user:${to}`,
    topic !== undefined && `topic:${topic}`,
    everyone && 'everyone',
    reception,
  ].filter(Boolean)
  if (named.length > 1) throw new ParleyError('bad_reception', 'more than one receiver')
  return /** @type {string | undefined} */ (named[0])
}
