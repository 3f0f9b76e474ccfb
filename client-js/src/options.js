// @ts-check
/**
 * What is not given, or given as undefined, has its default.
 * @param {import('./types.js').Options} options
 * @returns {import('./types.js').Settings}
 */
export function withDefaults(options) {
  /** @type {any} */
  const settings = {
    topics: [],
    WebSocket: globalThis.WebSocket,
    autoConnect: true,
    minDelay: 500,
    maxDelay: 20_000,
    stableAfter: 5_000,
    connectTimeout: 10_000,
    maxQueued: 100,
    timers: globalThis,
    random: Math.random,
    now: Date.now,
    events: globalThis,
  }
  for (const [name, value] of Object.entries(options)) if (value !== undefined) settings[name] = value
  return settings
}
