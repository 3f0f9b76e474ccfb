// @ts-check
/** @typedef {(value: any) => unknown} Handler */

/**
 * Calls every handler, however the others fare. A failure, thrown or by a rejected promise, goes to `report`.
 * @param {Handler[]} handlers
 * @param {unknown} value
 * @param {(cause: unknown) => void} report
 * @param {(failed: boolean) => void} [done] once all are done, at once when none returned a promise; whether one failed
 */
export function callAll(handlers, value, report, done) {
  let failed = false
  /** @type {Promise<void>[]} */
  const running = []
  const fail = (/** @type {unknown} */ cause) => {
    failed = true
    report(cause)
  }
  for (const handler of handlers) {
    try {
      const result = /** @type {any} */ (handler(value))
      if (result?.then) running.push(Promise.resolve(result).then(() => {}, fail))
    } catch (cause) {
      fail(cause)
    }
  }
  if (running.length) Promise.all(running).then(() => done?.(failed))
  else done?.(failed)
}

/** Handlers by name; the same function may be registered twice. */
export function createHandlers() {
  /** Lists are replaced, never changed: who runs through one is not disturbed. @type {Map<string, Handler[]>} */
  const byName = new Map()
  const of = (/** @type {string} */ name) => byName.get(name) ?? []

  return {
    of,

    /**
     * @param {string} name
     * @param {Handler} handler
     * @returns {() => void} takes it off again
     */
    add(name, handler) {
      if (typeof handler !== 'function') throw new TypeError('a handler is a function')
      const entry = (/** @type {unknown} */ value) => handler(value)
      byName.set(name, [...of(name), entry])
      return () => {
        const left = of(name).filter(other => other !== entry)
        if (left.length) byName.set(name, left)
        else byName.delete(name)
      }
    },
  }
}
