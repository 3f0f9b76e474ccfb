// @ts-check
import { receptionOf, socketUrl } from './address.js'
import { createChannels } from './channels.js'
import { createConnection } from './connection.js'
import { createHandlers } from './handlers.js'
import { withDefaults } from './options.js'
import { encode, ParleyError } from './protocol.js'
import { createSends, encodeBounded } from './sends.js'
import { createTopics, topicOf } from './topics.js'

/** @typedef {import('./types.js').Options} Options */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Outgoing} Outgoing */
/** @typedef {import('./types.js').Subscription} Subscription */
/** @typedef {import('./types.js').Events} Events */
/** @typedef {import('./types.js').EventName} EventName */

/** A client of Parley. */
export class Parley {
  #connection
  #channels
  #topics
  #sends
  #handlers = createHandlers()
  /** The last one: what the line is, when it is open. @type {import('./protocol.js').Welcome | undefined} */
  #welcome
  /** Topics that the last `hello` asked for in vain. @type {string[]} */
  #refused = []

  /**
   * @param {string} url `http://host:7777`, `wss://host`, a path, or '' for the origin of the page
   * @param {Options} options
   */
  constructor(url, options) {
    const target = socketUrl(url, options?.user)
    const settings = withDefaults(options)
    if (!settings.WebSocket) throw new TypeError('options.WebSocket is missing')
    const { since, topics, autoConnect } = settings
    const line = (/** @type {import('./protocol.js').ClientFrame} */ frame) => this.#connection.send(encode(frame))
    this.#sends = createSends(settings)
    this.#channels = createChannels(settings, `parley:${target}`, line)
    this.#topics = createTopics(line)
    this.#connection = createConnection(settings, {
      url: since ? `${target}?since=${encodeURIComponent(since)}` : target, // a `resume` beats it
      hello: () => this.#hello(),
      frame: frame => this.#frame(frame),
      status: change => this.#changed(change),
      leaving: () => this.#channels.flush(),
      lost: () => this.#sends.lost(),
      report: this.#handlers.report,
    })
    for (const topic of topics) this.subscribe(topic)
    if (autoConnect) this.connect()
  }

  /** `idle`, `connecting`, `open`, `waiting`, `suspended` or `closed`. */
  get status() {
    return this.#connection.status
  }

  /**
   * @template {EventName} E
   * @param {E} event `message`, `flag:<name>`, `status`, `gap`, `error`, `ask` or `welcome`
   * @param {(event: import('./types.js').EventOf<E>) => unknown} handler what that of `ask` returns is the reply
   * @returns {() => void} takes the handler off
   */
  on(event, handler) {
    return this.#handlers.add(event, handler)
  }

  /**
   * @param {string} topic
   * @param {(message: Message) => unknown} [handler] of this topic's messages, beside `on('message')`
   * @returns {Subscription}
   */
  subscribe(topic, handler) {
    if (!topic) throw new TypeError('the topic is missing')
    const name = topic.normalize()
    const channel = `topic:${name}`
    const remove = handler && this.#handlers.add(channel, handler)
    let wanted = true
    this.#topics.want(channel)
    this.#pump()
    return {
      topic: name,
      unsubscribe: () => {
        if (!wanted) return
        wanted = false
        remove?.()
        if (this.#topics.unwant(channel)) this.#channels.forget(channel)
        this.#pump()
      },
    }
  }

  /**
   * Sends now, or when there is a connection; once.
   * @param {Outgoing} message
   * @returns {Promise<{id: string, online: number}>} rejected with a `ParleyError`
   */
  async send(message) {
    const reception = receptionOf(message)
    if (this.status === 'closed') throw new ParleyError('closed', 'closed')
    const sent = this.#sends.add({ reception, flag: message.flag, body: message.body }, this.status === 'open')
    this.#pump()
    return sent
  }

  /** Connects now: after `autoConnect: false`, in a wait, or after the server sent us away. */
  connect() {
    this.#connection.connect()
  }

  /** Drops the line and stays down until `resume()`; positions, topics and waiting sends are kept. */
  suspend() {
    this.#connection.suspend()
  }

  /** Ends `suspend()`. */
  resume() {
    if (this.status === 'suspended') this.connect()
  }

  /** Goes down, until `connect()`: what waits to be sent is rejected. */
  close() {
    this.#connection.close()
  }

  #hello() {
    const asked = this.#topics.ask()
    const resume = this.#channels.positions()
    for (const channel in resume) {
      if (channel.startsWith('topic:') && !asked.includes(channel)) delete resume[channel]
    }
    const topics = asked.filter(channel => !(channel in resume)).map(topicOf)
    return encode({
      type: 'hello',
      resume: Object.keys(resume).length ? resume : undefined,
      topics: topics.length ? topics : undefined,
    })
  }

  /** Hands the line what waits for it: subscriptions first, then messages. */
  #pump() {
    if (this.status !== 'open') return
    this.#topics.pump(channel => this.#channels.positions()[channel])
    if (!this.#topics.isBusy()) this.#sends.pump(text => this.#connection.send(text))
  }

  /** @param {import('./types.js').StatusChange} change */
  #changed(change) {
    if (this.status === 'closed') this.#sends.closed()
    this.#emit('status', change)
    if (change.status !== 'open' || this.status !== 'open') return // a handler decided otherwise
    const { type, ...welcome } = /** @type {import('./protocol.js').Welcome} */ (this.#welcome)
    this.#channels.flush()
    this.#pump()
    this.#emit('welcome', welcome)
    for (const channel in welcome.channels) this.#gap(channel, welcome.channels[channel])
    for (const topic of this.#refused) {
      this.#handlers.report('forbidden', 'the token does not cover it', { topic })
    }
  }

  /** @param {import('./protocol.js').ServerFrame} frame */
  #frame(frame) {
    switch (frame.type) {
      case 'welcome':
        this.#welcome = frame
        this.#refused = this.#topics.refused(frame.channels)
        return this.#channels.welcome(frame)
      case 'message':
        return this.#message(frame)
      case 'subscribed':
      case 'unsubscribed': {
        const channel = `topic:${frame.topic}`
        this.#topics.answered(frame.type, channel)
        if (frame.type === 'subscribed') this.#stand(channel, frame)
        return this.#pump()
      }
      case 'gap':
        return this.#stand(frame.channel, frame)
      case 'sent':
        return this.#sends.answered(frame.ref)?.resolve({ id: frame.id, online: frame.online })
      case 'error':
        return this.#error(frame)
      case 'ask':
        return this.#ask(frame)
    }
  }

  /**
   * The server says where a channel stands, in the midst of a connection.
   * @param {string} channel
   * @param {{missed: number | null, position: string, newest?: string}} standing
   */
  #stand(channel, standing) {
    if (this.#topics.isLeaving(channel)) return
    this.#channels.stand(channel, standing)
    this.#gap(channel, standing)
  }

  /**
   * @param {string} channel
   * @param {{missed: number | null, position: string}} hole
   */
  #gap(channel, { missed, position }) {
    if (missed !== 0) this.#emit('gap', { channel, missed, position })
  }

  /** @param {import('./protocol.js').MessageFrame} frame */
  #message(frame) {
    const { type, ack, ...told } = frame
    const { channel, flag } = told
    if (this.#topics.isLeaving(channel)) return
    const accepted = this.#channels.accept(frame)
    if (!accepted) return
    // A topic's own handlers go by its channel.
    const names = ['message', flag === undefined ? '' : `flag:${flag}`, channel]
    const handlers = names.flatMap(name => this.#handlers.of(name))
    /** @type {Message} */
    const message = { ...told, recovered: accepted.recovered }
    // What nobody listened to was not handled: it is passed over, like a failure, and counts for no receipt.
    this.#handlers.call(handlers, message, failed => accepted.done(failed || !handlers.length))
  }

  /** @param {import('./protocol.js').ServerFrame & {type: 'error'}} frame */
  #error({ ref, code, detail }) {
    if (ref !== undefined) {
      this.#sends.answered(ref)?.reject(new ParleyError(code, detail))
      this.#handlers.report(code, detail, { ref })
    } else {
      const topic = code === 'bad_ack' ? undefined : this.#topics.failed()
      // A topic that was refused and is given up was not subscribed: no news.
      if (code !== 'not_subscribed') this.#handlers.report(code, detail, topic ? { topic } : undefined)
      this.#pump()
    }
  }

  /**
   * The first value that a handler returns, or its promise, is the reply; undefined is none.
   * @param {import('./protocol.js').AskFrame} frame
   */
  #ask({ ask, body, flag }) {
    const welcome = this.#welcome
    let replied = false
    const handlers = this.#handlers.of('ask').map(handler => async (/** @type {any} */ question) => {
      const value = await handler(question)
      if (value === undefined || replied || welcome !== this.#welcome) return
      const text = encodeBounded({ type: 'reply', ask, body: value })
      replied = this.#connection.send(text)
    })
    this.#handlers.call(handlers, { body, flag })
  }

  /**
   * @param {keyof Events} event
   * @param {unknown} value
   */
  #emit(event, value) {
    this.#handlers.call(this.#handlers.of(event), value)
  }
}
