// @ts-check
/** @typedef {(value: any) => unknown} Handler */

/** A topic's own handlers go by its channel. */
const NAME = /^(message|status|gap|error|ask|welcome|flag:.*|topic:.*)$/

/**
 * Calls every handler, however the others fare. A failure, thrown or by a rejected promise, goes to `report`.
 * @param {Handler[]} handlers
 * @param {unknown} value
 * @param {(cause: unknown) => void} report
 * @param {(failed: boolean) => void} [done] once all are done, at once when none returned a promise; whether one failed
 */
function callAll(handlers, value, report, done) {
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

/** Handlers by name; the same function may be registered twice. Tells of those that fail. */
export function createHandlers() {
  /** Lists are replaced, never changed: who runs through one is not disturbed. @type {Map<string, Handler[]>} */
  const byName = new Map()
  const of = (/** @type {string} */ name) => byName.get(name) ?? []

  /**
   * Tells the application what went wrong.
   * @param {string} code
   * @param {string} detail
   * @param {import('./types.js').About} [about]
   */
  function report(code, detail, about) {
    const complain = (/** @type {unknown} */ cause) => console.error('parley:', code, detail, cause)
    if (of('error').length) callAll(of('error'), { code, detail, ...about }, complain)
    else if (about?.ref === undefined) complain(about?.cause)
  }

  /**
   * @param {Handler[]} handlers
   * @param {unknown} value
   * @param {(failed: boolean) => void} [done]
   */
  function call(handlers, value, done) {
    callAll(handlers, value, cause => report('handler', cause instanceof Error ? cause.message : 'a handler failed', { cause }), done)
  }

  return {
    of,
    report,
    call,

    /**
     * @param {string} name
     * @param {Handler} handler
     * @returns {() => void} takes it off again
     */
    add(name, handler) {
      if (!NAME.test(name) || typeof handler !== 'function') {
        throw new TypeError(`"${name}" is no event, or has no handler`)
      }
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
