// @ts-check
/** @typedef {ReturnType<typeof createTimer>} Timer */

/**
 * One timer that is set, again and again, to one thing at a time.
 * @param {{timers: import('./types.js').Timers}} settings
 */
export function createTimer({ timers }) {
  /** @type {any} */
  let id = null

  const clear = () => {
    timers.clearTimeout(id)
    id = null
  }

  return {
    clear,

    /** Whether it was set and not cleared since, fired or not. */
    get isSet() {
      return id !== null
    },

    /**
     * @param {number} ms
     * @param {() => void} run
     */
    set(ms, run) {
      clear()
      id = timers.setTimeout(run, Math.min(ms, 2e9)) // beyond, timers fire at once
    },
  }
}
