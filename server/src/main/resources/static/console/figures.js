// @ts-check
// What the server's counters say about the last seconds, and figures as people read them. Pure.

/** Over so many seconds the latency is told: single acks would make it jump. */
const LATENCY_SECONDS = 30

/**
 * @typedef {object} Stats as `/socket/stats` tells them; the counters only rise
 * @property {number} time milliseconds since 1970
 * @property {number} up milliseconds since the server began
 * @property {number} users
 * @property {number} topics
 * @property {{total: number, plain: number, v1: number, stream: number, stream_v1: number, slow: number, behind: number,
 *   queue: number, largestQueue: number}} sessions
 * @property {{published: number, sent: number, offered: number, opened: number, closed: number, tooSlow: number,
 *   clientErrors: number}} counters
 * @property {{ends: number[], counts: number[]}} acks
 * @property {{heap: number, heapMax: number, direct: number, resident: number | null}} memory
 * @property {Fate[]} recent newest first
 */

/**
 * @typedef {object} Fate what befell a session
 * @property {number} time
 * @property {'closed' | 'slow' | 'gap'} what
 * @property {string} session
 * @property {string} [user]
 * @property {number} [code]
 * @property {string} [channel]
 * @property {number | null} [missed]
 * @property {string} [position]
 */

/**
 * @typedef {object} Rates per second, over the time between two answers
 * @property {number} published
 * @property {number} offered
 * @property {number} opened
 * @property {number} closed
 */

/** Turns one answer after another into rates. A server that began anew begins anew. */
export class Meter {
  /** The last answers, oldest first. @type {Stats[]} */ #last = []

  /**
   * @param {Stats} stats
   * @returns {{rates: Rates | null, acks: {count: number, p50: number, p99: number} | null}} null when nothing can be said
   */
  add(stats) {
    if (this.#last.length && stats.up < this.#last[this.#last.length - 1].up) this.#last = []
    const before = this.#last[this.#last.length - 1]
    this.#last.push(stats)
    while (stats.up - this.#last[0].up > LATENCY_SECONDS * 1000) this.#last.shift()
    const seconds = before ? (stats.up - before.up) / 1000 : 0
    return { rates: seconds > 0 ? rates(before, stats, seconds) : null, acks: latency(this.#last[0], stats) }
  }
}

/** @param {Stats} before @param {Stats} now @param {number} seconds @returns {Rates} */
function rates(before, now, seconds) {
  const per = (/** @type {keyof Rates} */ name) => Math.max(0, now.counters[name] - before.counters[name]) / seconds
  return { published: per('published'), offered: per('offered'), opened: per('opened'), closed: per('closed') }
}

/** @param {Stats} before @param {Stats} now */
function latency(before, now) {
  const counts = now.acks.counts.map((count, place) => count - (before === now ? 0 : before.acks.counts[place]))
  const count = counts.reduce((sum, one) => sum + one, 0)
  return count ? { count, p50: quantile(counts, now.acks.ends, 0.5), p99: quantile(counts, now.acks.ends, 0.99) } : null
}

/**
 * The end of the class in which this part of all lies: at most so long it took.
 * @param {number[]} counts one more than ends
 * @param {number[]} ends
 * @param {number} part 0 to 1
 */
export function quantile(counts, ends, part) {
  const rank = Math.ceil(counts.reduce((sum, one) => sum + one, 0) * part)
  let passed = 0
  for (let place = 0; place < ends.length; place++) {
    passed += counts[place]
    if (passed >= rank) return ends[place]
  }
  return Infinity
}

/** `0`, `7`, `1.2 k`, `3.4 M`. @param {number} value */
export function count(value) {
  if (value < 1000) return String(value < 10 && !Number.isInteger(value) ? Number(value.toFixed(1)) : Math.round(value))
  const [unit, by] = value < 999_500 ? ['k', 1000] : ['M', 1_000_000]
  const scaled = value / by
  return `${scaled < 99.95 ? Number(scaled.toFixed(1)) : Math.round(scaled)} ${unit}`
}

/** `0 B`, `12 KB`, `3.4 MB`, `1.2 GB`: of 1024. @param {number} value */
export function bytes(value) {
  let unit = 0
  let scaled = value
  while (scaled >= 1023.5 && unit < 4) {
    scaled /= 1024
    unit++
  }
  return `${scaled < 9.95 && unit > 0 ? Number(scaled.toFixed(1)) : Math.round(scaled)} ${['B', 'KB', 'MB', 'GB', 'TB'][unit]}`
}

/** `now`, `12 s`, `3 min`, `2 h`, `5 d`. @param {number} millis */
export function span(millis) {
  const seconds = Math.max(0, Math.floor(millis / 1000))
  if (seconds < 1) return 'now'
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** `< 1 ms`, `< 20 ms`, `< 2 s`, of the end of a class. @param {number} end milliseconds */
export function within(end) {
  if (end === Infinity) return '> 1 min'
  return end < 1000 ? `< ${end} ms` : `< ${end / 1000} s`
}
