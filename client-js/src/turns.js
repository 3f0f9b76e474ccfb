// @ts-check
import { createTimer } from './timer.js'

/** How long events are handled in one go, ms: so that, with a slow handler at its end, no task reaches 50 ms. */
const SLICE = 10
/** What may wait, UTF-16 units. Beyond it there are no pauses, so that the socket is not read, and its sender waits. */
const MAX_WAITING = 2 ** 24

/**
 * Hands the events of a socket over in order, in slices: between two of them a page can paint and take a click. Without
 * it, a browser that has read a thousand messages at once hands them over in one task. A hidden page is not in a hurry
 * to paint, and its timers are slow: it makes no pauses.
 *
 * @param {import('./types.js').Settings} settings
 * @param {(event: any) => void} handle throws nothing
 */
export function createTurns({ events, now, timers }, handle) {
  const timer = createTimer({ timers })
  const sizeOf = (/** @type {any} */ event) => event.data?.length ?? 0
  /** Not handled to their end; the first one may be under way. @type {any[]} */
  let waiting = []
  /** UTF-16 units in them. */
  let size = 0
  /** When the slice began. */
  let began = 0
  /** When nothing waited any more; 0 in a pause. */
  let ended = 0

  function run() {
    if (now() - ended > 1) began = now() // within a task, events follow each other at once
    for (; waiting.length; waiting.shift()) {
      if (now() - began > SLICE && size < MAX_WAITING && events.document?.visibilityState !== 'hidden') {
        ended = 0
        return timer.set(0, run)
      }
      size -= sizeOf(waiting[0])
      handle(waiting[0])
    }
    ended = now()
  }

  return {
    /** @param {any} event */
    add(event) {
      size += sizeOf(event)
      if (waiting.push(event) === 1) run() // otherwise it is under way, or pauses
    },

    /** Forgets what waits. */
    clear() {
      timer.clear()
      waiting = []
    },
  }
}
