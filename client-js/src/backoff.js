// @ts-check
/**
 * Milliseconds to wait before the next attempt: full jitter, so that the clients of a restarted
 * server do not come back together, not even at the first attempt.
 *
 * @param {number} failures attempts that failed since the last stable connection, 1 or more
 * @param {{minDelay: number, maxDelay: number, random: () => number}} settings `random` in [0, 1)
 * @returns {number} between `minDelay` and `min(maxDelay, minDelay * 2^failures)`
 */
export function backoff(failures, { minDelay, maxDelay, random }) {
  const top = Math.max(minDelay, Math.min(maxDelay, minDelay * 2 ** Math.min(failures, 31)))
  return Math.floor(minDelay + random() * (top - minDelay))
}
