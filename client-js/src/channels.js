// @ts-check
import { parsePosition } from './protocol.js'
import { createTimer } from './timer.js'

/** How long acks that nobody waits for are gathered, ms: the most that the protocol allows. */
const GATHER = 100
/** Failed positions in one ack: some 12 KB of the 64 KiB that a frame may have. */
const MAX_FAILED = 500

/**
 * A message from its arrival until its handlers are done: `before` is where the channel stood when it came, `ack`
 * whether somebody waits for it, `failed` is undefined until it is done.
 * @typedef {{offset: number, before: number, ack: boolean, failed?: boolean}} Entry
 */

/**
 * One channel under one epoch; another epoch is another object.
 * @typedef {object} Channel
 * @property {string} name
 * @property {string} epoch
 * @property {number} last the highest offset that came, or that was passed over
 * @property {number} told the highest offset that this connection has told us of: beyond it an ack is refused
 * @property {number} newest at or below it, messages are recovered history
 * @property {number} handled the highest offset up to which every message that came was handled, the failed ones too
 * @property {boolean} owed whether `handled` has to be acked
 * @property {number[]} failed offsets at or below `handled` whose handlers failed, not yet acked
 * @property {Entry[]} entries messages that came above `handled`, in order
 */

/**
 * Where the client stands in each channel: drops what came twice, knows from where to resume, acks what was handled.
 * Never concludes a loss from a jump: only the server knows of holes.
 *
 * @param {import('./types.js').Settings} settings
 * @param {string} key of the storage
 * @param {(frame: import('./protocol.js').ClientFrame) => boolean} send false when the line is down
 */
export function createChannels(settings, key, send) {
  const { storage } = settings
  /** @type {Map<string, Channel>} */
  const channels = new Map()
  const timer = createTimer(settings)

  const at = (/** @type {Channel} */ { epoch }, /** @type {number} */ offset) => `${epoch}-${offset}`

  /**
   * The channel under this epoch, at `last` at least.
   * @param {string} name
   * @param {string} epoch
   * @param {number} last
   */
  function under(name, epoch, last) {
    let channel = channels.get(name)
    if (channel?.epoch !== epoch) {
      channel = { name, epoch, last, told: -1, newest: -1, handled: -1, owed: false, failed: [], entries: [] }
      channels.set(name, channel)
    }
    channel.last = Math.max(channel.last, last)
    return channel
  }

  /**
   * The server says where a channel stands: its next message comes after `position`.
   * @param {string} name
   * @param {{position: string, newest?: string}} standing
   */
  function stand(name, { position, newest }) {
    const known = parsePosition(position)
    if (!known) return
    const channel = under(name, known.epoch, known.offset)
    channel.told = Math.max(channel.told, known.offset)
    const top = parsePosition(newest)
    if (top?.epoch === channel.epoch) channel.newest = top.offset
  }

  /** @param {Channel} channel */
  function advance(channel) {
    let awaited = false
    for (let entry; (entry = channel.entries[0]) && entry.failed !== undefined; ) {
      channel.entries.shift()
      channel.handled = entry.offset
      channel.owed = true
      if (entry.failed) channel.failed.push(entry.offset)
      awaited ||= entry.ack
      if (channel.failed.length >= MAX_FAILED) ack(channel)
    }
    if (awaited) ack(channel)
    if (!timer.isSet && (channel.owed || storage)) timer.set(GATHER, flush)
  }

  /** Acks what is owed, and stores what was handled. */
  function flush() {
    timer.clear()
    for (const channel of channels.values()) ack(channel)
    if (!storage) return
    /** @type {Record<string, string>} */
    const handled = {}
    for (const [name, channel] of channels) handled[name] = at(channel, channel.entries[0]?.before ?? channel.last)
    try {
      storage.setItem(key, JSON.stringify(handled))
    } catch {
      // full or blocked: the next page starts with the inbox
    }
  }

  /** @param {Channel} channel */
  function ack(channel) {
    const { name, handled, failed } = channel
    if (!channel.owed || handled < 0 || handled > channel.told) return
    const sent = send({
      type: 'ack',
      channel: name,
      position: at(channel, handled),
      failed: failed.length ? failed.map(offset => at(channel, offset)) : undefined,
    })
    if (!sent) return
    channel.owed = false
    channel.failed = []
  }

  try {
    const stored = JSON.parse(storage?.getItem(key) ?? '{}')
    for (const name in stored) stand(name, { position: stored[name] })
    // A page before handled so much, and its last ack may have died with it. With `since` it may have passed it over.
    if (!settings.since) for (const channel of channels.values()) channel.handled = channel.last
  } catch {
    // a storage that is blocked or holds something else is an empty one
  }

  return {
    stand,
    flush,

    /**
     * The last position received or told, of every channel that has one.
     * @returns {Record<string, string>}
     */
    positions() {
      return Object.fromEntries([...channels.values()].map(channel => [channel.name, at(channel, channel.last)]))
    },

    /**
     * A new connection: what an old one had told does not count any more. `flush` once it is open.
     * @param {import('./protocol.js').Welcome} welcome
     */
    welcome(welcome) {
      for (const channel of channels.values()) {
        channel.told = channel.newest = -1
        channel.failed = [] // only receipts of the old connection wanted to know
      }
      for (const name in welcome.channels) stand(name, welcome.channels[name])
      // The last ack may have died with its line. Only the inbox remembers acks, so only it is told again.
      const inbox = channels.get(`user:${welcome.user}`)
      if (inbox) inbox.owed = true
    },

    /** @param {string} name */
    forget(name) {
      channels.delete(name)
    },

    /**
     * A message came. Call `done` when its handlers are done.
     * @param {import('./protocol.js').MessageFrame} frame
     * @returns {{recovered: boolean, done: (failed: boolean) => void} | null} null when it came before
     */
    accept(frame) {
      const position = parsePosition(frame.position)
      if (!position) return { recovered: false, done() {} } // only for who is online now: never missed, never acked
      const { epoch, offset } = position
      const known = channels.get(frame.channel)
      const channel = known?.epoch === epoch ? known : under(frame.channel, epoch, offset - 1)
      channel.told = Math.max(channel.told, offset)
      if (offset <= channel.last) {
        if (frame.ack) {
          channel.owed = true // somebody waits for it now
          ack(channel)
        }
        return null
      }
      /** @type {Entry} */
      const entry = { offset, before: channel.last, ack: !!frame.ack }
      channel.last = offset
      channel.entries.push(entry)
      return {
        recovered: offset <= channel.newest,
        done(failed) {
          entry.failed = failed
          if (channels.get(channel.name) === channel) advance(channel)
        },
      }
    },
  }
}
