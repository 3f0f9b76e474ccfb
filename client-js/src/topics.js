// @ts-check

/** Unanswered `subscribe` and `unsubscribe` frames: half of the 32 frames that the server lets wait behind one. */
const WINDOW = 16

/**
 * The topics that the application wants, and the subscriptions on the wire: one to a topic, however often it is
 * wanted. Offline it only records what is wanted. The wire follows. Topics go by the names of their channels.
 *
 * @param {(frame: import('./protocol.js').ClientFrame) => boolean} send
 */
export function createTopics(send) {
  /** How often each is wanted. @type {Map<string, number>} */
  const wanted = new Map()
  /** What this connection was asked for, granted or not: a refusal is not asked again before the next connection. */
  let asked = new Set()
  /** What was refused the last time: never in a `hello`, which the server takes as a whole or closes for good. */
  const doubtful = new Set()
  /** Operations that were not answered yet; answers come in order. @type {{type: string, channel: string}[]} */
  let pending = []

  /**
   * @param {'subscribe' | 'unsubscribe'} type
   * @param {string} channel
   * @param {string} [since]
   */
  function operate(type, channel, since) {
    if (pending.length >= WINDOW || !send({ type, topic: topicOf(channel), since })) return false
    return pending.push({ type, channel })
  }

  return {
    /** @param {string} channel */
    want(channel) {
      wanted.set(channel, (wanted.get(channel) ?? 0) + 1)
    },

    /**
     * @param {string} channel
     * @returns {boolean} whether nobody wants it any more
     */
    unwant(channel) {
      const left = /** @type {number} */ (wanted.get(channel)) - 1
      if (left) wanted.set(channel, left)
      return !left && wanted.delete(channel)
    },

    /** Whether what still comes belongs to a subscription that was given up. @param {string} channel */
    isLeaving: channel => (/^topic:/.test(channel) && !wanted.has(channel))
      || pending.some(op => op.type === 'unsubscribe' && op.channel === channel),

    /** Whether the server still works on one: frames would have to wait behind it. */
    isBusy: () => pending.length > 0,

    /**
     * A new connection: what its `hello` asks for.
     * @returns {string[]}
     */
    ask() {
      pending = []
      asked = new Set([...wanted.keys()].filter(channel => !doubtful.has(channel)))
      return [...asked]
    },

    /**
     * What was asked for and is not in the `welcome`: the next connection asks again, perhaps with another token.
     * @param {Record<string, unknown>} channels
     * @returns {string[]}
     */
    refused: channels => [...asked].filter(channel => !(channel in channels)).map(topicOf),

    /**
     * Brings the wire to what is wanted.
     * @param {(channel: string) => string | undefined} since the last position
     */
    pump(since) {
      for (const channel of asked) {
        if (!wanted.has(channel) && operate('unsubscribe', channel)) asked.delete(channel)
      }
      for (const channel of wanted.keys()) {
        if (!asked.has(channel) && operate('subscribe', channel, since(channel))) asked.add(channel)
      }
    },

    /**
     * @param {string} type of the answer
     * @param {string} channel
     */
    answered(type, channel) {
      doubtful.delete(channel)
      pending.splice(0, pending.findIndex(op => `${op.type}d` === type && op.channel === channel) + 1)
    },

    /**
     * An error that names no other frame answers the oldest operation.
     * @returns {string | undefined} its topic
     */
    failed() {
      const op = pending.shift()
      if (op?.type === 'subscribe') doubtful.add(op.channel)
      return op && topicOf(op.channel)
    },
  }
}

/** @param {string} channel */
export function topicOf(channel) {
  return channel.slice(6)
}
