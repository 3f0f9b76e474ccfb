// @ts-check
/** @typedef {ReturnType<typeof createTimer>} Timer */

/**
 * One timer that is set, again and again, to one thing at a time.
 * @param {{timers: import('./types.js').Timers}} settings
 */
export function createTimer({ timers }) {
  /** @type {any} null when it is not set */
  let id = null

  const clear = () => {
    timers.clearTimeout(id)
    id = null
  }

  return {
    clear,

    get isSet() {
      return id !== null
    },

    /**
     * @param {number} ms
     * @param {() => void} run
     */
    set(ms, run) {
      clear()
      const fire = () => {
        id = null
        run()
      }
      id = timers.setTimeout(fire, Math.min(ms, 2 ** 31 - 1)) // beyond, timers fire at once
    },
  }
}
