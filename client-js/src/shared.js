// @ts-check
/**
 * One connection for all tabs of a user in a browser, with the API of `Parley`:
 *
 *     import { shareTabs } from './shared.js'
 *
 *     const parley = shareTabs('', { user: '10086' })
 *
 * The tab that holds a Web Lock leads: it has the connection. The others hear it over a BroadcastChannel. When it goes,
 * the tab that has waited longest gets the lock, and goes on from the positions that it has.
 */
import { receptionOf, socketUrl } from './address.js'
import { createHandlers } from './handlers.js'
import { createLeader } from './leader.js'
import { Parley } from './parley.js'
import { ParleyError } from './protocol.js'
import { createSeen } from './seen.js'
import { encodeBounded } from './sends.js'

/** @typedef {import('./leader.js').ToTabs} ToTabs */
/** @typedef {import('./leader.js').ToLeader} ToLeader */
/**
 * From joining to leaving; what an old one still hears does nothing.
 * @typedef {{channel: BroadcastChannel, end: AbortController, leader: import('./leader.js').Leader | null}} Membership
 */
/**
 * `posted`: whether a leader has it.
 * @typedef {{message: import('./types.js').Outgoing, posted: boolean, resolve: (sent: any) => void,
 *   reject: (error: Error) => void}} Sending
 */

/**
 * A shared connection, or one of its own where the browser has no Web Locks: pages without https, other than localhost.
 *
 * @param {string} url
 * @param {import('./types.js').Options} options
 * @returns {Pick<Parley, 'status' | 'on' | 'subscribe' | 'send' | 'connect' | 'suspend' | 'resume' | 'close'>}
 */
export function shareTabs(url, options) {
  return globalThis.navigator?.locks ? new SharedParley(url, options) : new Parley(url, options)
}

/** A tab that shares the connection of its user with the other tabs. */
class SharedParley {
  #url
  #options
  /** Of the channel and of the leader's lock; a tab's own has the tab's id behind it. */
  #name
  #tab = crypto.randomUUID()
  #handlers = createHandlers()
  /** Topics, and how often each is wanted. @type {Map<string, number>} */
  #wanted = new Map()
  #seen = createSeen()
  /** @type {import('./types.js').Status} */
  #status = 'idle'
  /** Whether it left because its page was left. */
  #hidden = false
  /** Whether a leader knows us. */
  #joined = false
  /** By `ref`. @type {Map<number, Sending>} */
  #sends = new Map()
  #refs = 0
  /** @type {Membership | null} */
  #membership = null

  /**
   * @param {string} url as of `Parley`
   * @param {import('./types.js').Options} options
   */
  constructor(url, options) {
    this.#url = url
    this.#options = options
    this.#name = `parley:${socketUrl(url, options?.user)}`
    for (const topic of options.topics ?? []) this.subscribe(topic)
    if (options.autoConnect !== false) this.connect()
  }

  /** As of the connection; `connecting` while nobody leads. */
  get status() {
    return this.#status
  }

  /**
   * @template {import('./types.js').EventName} E
   * @param {E} event
   * @param {(event: import('./types.js').EventOf<E>) => unknown} handler
   * @returns {() => void} takes the handler off
   */
  on(event, handler) {
    return this.#handlers.add(event, handler)
  }

  /**
   * @param {string} topic
   * @param {(message: import('./types.js').Message) => unknown} [handler]
   * @returns {import('./types.js').Subscription}
   */
  subscribe(topic, handler) {
    if (!topic) throw new TypeError('the topic is missing')
    const name = topic.normalize()
    const remove = handler && this.#handlers.add(`topic:${name}`, handler)
    let wanted = true
    this.#want(name, 1)
    return {
      topic: name,
      unsubscribe: () => {
        if (!wanted) return
        wanted = false
        remove?.()
        this.#want(name, -1)
      },
    }
  }

  /**
   * @param {import('./types.js').Outgoing} message
   * @returns {Promise<import('./sends.js').Sent>} rejected with a `ParleyError`
   */
  async send(message) {
    const { flag, body } = message
    const frame = JSON.parse(encodeBounded({ type: 'send', reception: receptionOf(message), flag, body }))
    if (this.#status === 'closed') throw new ParleyError('closed', 'closed')
    const { maxQueued = 100 } = this.#options
    if (!this.#joined && this.#sends.size >= maxQueued) throw new ParleyError('queue_full', `${maxQueued} messages wait`)
    return new Promise((resolve, reject) => {
      const { reception, flag, body } = frame
      this.#sends.set(++this.#refs, { message: { reception, flag, body }, posted: false, resolve, reject })
      this.#flush()
    })
  }

  /** Joins the other tabs; or, when the server has sent us away, connects again. */
  connect() {
    if (!this.#membership) {
      const { events = globalThis } = this.#options
      events.addEventListener?.('pagehide', this.#hide)
      events.addEventListener?.('pageshow', this.#show)
      this.#join()
    } else this.#post({ type: 'connect', tab: this.#tab })
  }

  /** Leaves the other tabs until `resume()`. */
  suspend() {
    if (this.#membership) this.#leave('suspended')
  }

  /** Ends `suspend()`. What came meanwhile is told as gaps. */
  resume() {
    if (this.#status === 'suspended') this.connect()
  }

  /** Leaves the other tabs: what waits to be sent is rejected. */
  close() {
    const { events = globalThis } = this.#options
    events.removeEventListener?.('pagehide', this.#hide)
    events.removeEventListener?.('pageshow', this.#show)
    this.#leave('closed')
    for (const { reject } of this.#sends.values()) reject(new ParleyError('closed', 'closed'))
    this.#sends.clear()
  }

  #hide = () => {
    this.#hidden = !!this.#membership
    this.suspend() // a page that holds a lock is not kept for the back button
  }
  #show = () => {
    if (this.#hidden) this.resume()
  }

  #join() {
    const { locks } = navigator
    const end = new AbortController()
    const left = new Promise(resolve => end.signal.addEventListener('abort', resolve))
    /** @type {Membership} */
    const membership = { channel: new BroadcastChannel(this.#name), end, leader: null }
    this.#membership = membership
    membership.channel.onmessage = ({ data }) => {
      if (this.#membership !== membership) return
      membership.leader?.take(data)
      this.#take(data)
    }
    const failed = (/** @type {unknown} */ cause) => {
      if (!end.signal.aborted) this.#leave('closed', String(cause)) // a frame that is sandboxed may not lock
    }
    locks.request(`${this.#name} ${this.#tab}`, { signal: end.signal }, () => {
      this.#greet()
      locks.request(this.#name, { signal: end.signal }, () => this.#lead(membership, left)).catch(failed)
      return left
    }).catch(failed)
    this.#become({ status: 'connecting' })
  }

  /**
   * @param {Membership} membership
   * @param {Promise<unknown>} left
   */
  #lead(membership, left) {
    membership.leader = createLeader({
      name: this.#name,
      url: this.#url,
      options: this.#options,
      handled: this.#seen.handled,
      post: message => {
        if (this.#membership !== membership) return
        membership.channel.postMessage(message)
        this.#take(message)
      },
    })
    membership.leader.start()
    return left
  }

  /**
   * @param {'suspended' | 'closed'} status
   * @param {string} [reason]
   */
  #leave(status, reason) {
    const membership = this.#membership
    this.#membership = null
    this.#joined = false
    if (membership) {
      membership.leader?.close()
      membership.channel.close()
      membership.end.abort()
    }
    this.#unconfirmed()
    this.#become({ status, reason })
  }

  /** @param {ToLeader} message */
  #post(message) {
    const { channel, leader } = /** @type {Membership} */ (this.#membership)
    if (leader) leader.take(message)
    else channel.postMessage(message)
  }

  /** Tells the leader, if there is one, that we are here, and what we want. */
  #greet() {
    if (this.#membership) this.#post({ type: 'join', tab: this.#tab, topics: [...this.#wanted.keys()] })
  }

  /**
   * @param {string} topic
   * @param {1 | -1} more
   */
  #want(topic, more) {
    const count = (this.#wanted.get(topic) ?? 0) + more
    if (count) this.#wanted.set(topic, count)
    else this.#wanted.delete(topic)
    this.#greet()
  }

  #flush() {
    if (!this.#joined) return
    for (const [ref, sending] of this.#sends) {
      if (sending.posted) continue
      sending.posted = true
      this.#post({ type: 'send', tab: this.#tab, ref, message: sending.message })
    }
  }

  /** What the leader had, and did not answer, is gone with it. */
  #unconfirmed() {
    for (const [ref, { posted, reject }] of this.#sends) {
      if (!posted) continue
      this.#sends.delete(ref)
      reject(new ParleyError('unconfirmed', 'the line was lost before the answer'))
    }
  }

  /** @param {ToTabs} said */
  #take(said) {
    if ('tab' in said && said.tab !== this.#tab) return
    switch (said.type) {
      case 'lead':
        this.#joined = false
        this.#unconfirmed()
        this.#become({ status: 'connecting' })
        return this.#greet()
      case 'joined':
        return this.#welcome(said)
      case 'event':
        return this.#event(said)
      case 'forget':
        return this.#seen.forget(said.channel)
      case 'sent':
        return this.#sent(said)
    }
  }

  /** @param {ToTabs & {type: 'joined'}} said */
  #welcome({ positions, status }) {
    if (this.#joined) return
    this.#joined = true
    for (const [channel, position] of Object.entries(positions)) {
      const knew = this.#seen.knows(channel)
      if (this.#seen.isNew(channel, position) && knew) this.#emit('gap', { channel, missed: null, position })
    }
    this.#become({ status })
    this.#flush()
  }

  /** @param {ToTabs & {type: 'event'}} said */
  #event({ name, value, of }) {
    if (name === 'message') return this.#message(value, /** @type {string} */ (of))
    if (name === 'ask') return this.#ask(value, /** @type {string} */ (of))
    if (name === 'status') return this.#become(value)
    if (name === 'error') return this.#handlers.report(value.code, value.detail, value)
    if (name === 'welcome') for (const channel in value.channels) this.#seen.isNew(channel, value.channels[channel].position)
    if (name === 'gap') this.#seen.isNew(value.channel, value.position)
    this.#emit(name, value)
  }

  /**
   * @param {import('./types.js').Message} message
   * @param {string} of
   */
  #message(message, of) {
    const { channel, flag } = message
    const taken = this.#seen.take(message, of)
    if (taken === 'running') return
    if (taken === 'done') return this.#done(of, { heard: true, failed: false })
    const done = (/** @type {boolean} */ heard, failed = false) => {
      for (const copy of taken.ended()) this.#done(copy, { heard, failed })
    }
    if (channel.startsWith('topic:') && !this.#wanted.has(channel.slice(6))) return done(false) // another tab's
    const names = ['message', flag === undefined ? '' : `flag:${flag}`, channel]
    const handlers = names.flatMap(name => this.#handlers.of(name))
    this.#handlers.call(handlers, message, failed => done(handlers.length > 0, failed))
  }

  /**
   * @param {import('./types.js').Events['ask']} question
   * @param {string} of
   */
  #ask(question, of) {
    /** @type {unknown} */
    let value
    const handlers = this.#handlers.of('ask').map(handler => async (/** @type {any} */ question) => {
      const reply = await handler(question)
      if (reply === undefined || value !== undefined) return
      value = JSON.parse(encodeBounded({ type: 'reply', ask: of, body: reply })).body
    })
    this.#handlers.call(handlers, question, failed => this.#done(of, { heard: handlers.length > 0, failed, value }))
  }

  /**
   * @param {string} of
   * @param {import('./leader.js').Result} result
   */
  #done(of, result) {
    if (this.#membership) this.#post({ type: 'done', tab: this.#tab, of, result })
  }

  /** @param {ToTabs & {type: 'sent'}} said */
  #sent({ ref, sent, error }) {
    const sending = this.#sends.get(ref)
    this.#sends.delete(ref)
    if (!error) return sending?.resolve(sent)
    sending?.reject(new ParleyError(error.code, error.detail))
    this.#handlers.report(error.code, error.detail, { ref: String(ref) })
  }

  /** @param {Omit<import('./types.js').StatusChange, 'previous'>} change */
  #become(change) {
    const previous = this.#status
    if (change.status === previous) return
    this.#status = change.status
    this.#emit('status', { ...change, previous })
  }

  /**
   * @param {keyof import('./types.js').Events} event
   * @param {unknown} value
   */
  #emit(event, value) {
    this.#handlers.call(this.#handlers.of(event), value)
  }
}
