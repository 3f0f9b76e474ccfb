// @ts-check
import { parsePosition } from './protocol.js'

/**
 * Where a tab stands in each channel, whoever leads: what it has, and what its handlers still have of that. A leader that
 * goes leaves both behind, and the next one may hand out again what this tab has.
 */
export function createSeen() {
  /** The last that came, or where the tab was told to start. @type {Record<string, string>} */
  const positions = {}
  /**
   * Messages that handlers still have, in order, by channel and position: what came before, and who waits for the end.
   * @type {Map<string, {channel: string, before: string | undefined, of: string[]}>}
   */
  const running = new Map()

  return {
    /** Whether the tab was told of this channel. @param {string} channel */
    knows: channel => channel in positions,

    /** @param {string} channel */
    forget(channel) {
      delete positions[channel]
    },

    /**
     * Notes where a channel stands.
     * @param {string} channel
     * @param {string} position
     * @returns {boolean} whether this tab was not there yet
     */
    isNew(channel, position) {
      const had = parsePosition(positions[channel])
      const now = parsePosition(position)
      if (had && now && had.epoch === now.epoch && now.offset <= had.offset) return false
      positions[channel] = position
      return true
    },

    /**
     * A message came.
     * @param {{channel: string, position?: string}} message
     * @param {string} of by which the leader knows this copy
     * @returns {{ended: () => string[]} | 'running' | 'done'} to call when its handlers are done, for the copies that are
     *   waited for; or that a leader before had handed it out, and how far it is
     */
    take({ channel, position }, of) {
      if (!position) return { ended: () => [of] }
      const key = `${channel} ${position}`
      const before = positions[channel]
      if (!this.isNew(channel, position)) return running.get(key)?.of.push(of) ? 'running' : 'done'
      const copies = [of]
      running.set(key, { channel, before, of: copies })
      return {
        ended() {
          running.delete(key)
          return copies
        },
      }
    },

    /** Each channel up to the first message that a handler still has: there the line goes on. */
    handled() {
      const handled = { ...positions }
      for (const { channel, before } of [...running.values()].reverse()) {
        if (before) handled[channel] = before
        else delete handled[channel]
      }
      return handled
    },
  }
}
