/** A client on a fake socket, a fake clock and a fake window. Nothing sleeps, nothing may be left unexpected. */
import assert from 'node:assert/strict'
import { test as nodeTest } from 'node:test'
import { Parley } from './client.js'

/** Time that moves only when told. */
export class FakeClock {
  time = 1_760_000_000_000
  /** What the wall clock shows beside the true time, as after a change of the clock. */
  skew = 0
  #timers = new Map()
  #ids = 0

  now = () => this.time + this.skew
  setTimeout = (run, ms) => {
    assert.ok(ms >= 0 && ms < 2 ** 31, `a timer of ${ms} ms`)
    this.#timers.set(++this.#ids, { run, at: this.time + ms })
    return this.#ids
  }
  clearTimeout = id => void this.#timers.delete(id)

  get pending() {
    return this.#timers.size
  }

  /** Timers fire at their time. */
  advance(ms) {
    const end = this.time + ms
    for (let next; (next = this.#next(end)); ) {
      this.time = Math.max(this.time, next.at)
      next.run()
    }
    this.time = end
  }

  /** Frozen for a while: timers fire afterwards, too late. */
  freeze(ms) {
    this.time += ms
    this.advance(0)
  }

  #next(end) {
    let id
    for (const [key, timer] of this.#timers) {
      if (timer.at <= end && (id === undefined || timer.at < this.#timers.get(id).at)) id = key
    }
    const timer = this.#timers.get(id)
    this.#timers.delete(id)
    return timer
  }
}

/** The members of the client's frames after `type`, in the order of the wire (DESIGN 3.1). */
export const CLIENT_MEMBERS = {
  hello: ['resume', 'topics'],
  subscribe: ['topic', 'since'],
  unsubscribe: ['topic'],
  send: ['ref', 'reception', 'flag', 'body'],
  ack: ['channel', 'position', 'failed'],
  reply: ['ask', 'body'],
  ping: [],
}

export class FakeSocket {
  readyState = 0
  closed = null
  onopen = null
  onmessage = null
  onclose = null
  onerror = null
  #sent = []

  constructor(url, protocols) {
    this.url = url
    this.protocols = protocols
  }

  send(text) {
    assert.equal(this.readyState, 1, `sent on a socket that is not open: ${text}`)
    const frame = JSON.parse(text)
    const members = CLIENT_MEMBERS[frame.type].filter(name => name in frame)
    assert.deepEqual(Object.keys(frame), ['type', ...members], `the order of the wire: ${text}`)
    this.#sent.push(frame)
  }

  close(code) {
    this.closed = code
    if (this.readyState < 2) this.readyState = 2
  }

  /** The frames sent since the last call. */
  take() {
    return this.#sent.splice(0)
  }

  open() {
    this.readyState = 1
    this.onopen?.({})
  }

  receive(frame) {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
  }

  /** The server, or the network, closes. */
  end(code, reason = '') {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }
}

export class FakeWindow extends EventTarget {
  document = { visibilityState: 'visible' }

  fire(type, visibilityState) {
    if (visibilityState) this.document.visibilityState = visibilityState
    this.dispatchEvent(new Event(type))
  }
}

export class FakeStorage {
  items = new Map()
  getItem = key => this.items.get(key) ?? null
  setItem = (key, value) => void this.items.set(key, value)
}

export const EPOCH = 'k3Zq81Ab'
export const at = (offset, epoch = EPOCH) => `${epoch}-${offset}`
export const standing = (offset, more = {}) => ({
  position: at(offset),
  newest: at(offset),
  recovered: false,
  missed: 0,
  ...more,
})
export const message = (offset, more = {}) => ({
  type: 'message',
  channel: 'user:42',
  position: at(offset),
  id: `id${offset}`,
  time: 1_760_000_000_000 + offset,
  body: `m${offset}`,
  ...more,
})
export const welcome = (more = {}) => ({
  type: 'welcome',
  session: 's1',
  user: '42',
  heartbeat: 25,
  channels: { 'user:42': standing(0), everyone: standing(0) },
  ...more,
})

export class Harness {
  clock = new FakeClock()
  window = new FakeWindow()
  sockets = []
  log = []
  #random = 0

  constructor() {
    const { sockets } = this
    this.WebSocket = class extends FakeSocket {
      constructor(url, protocols) {
        super(url, protocols)
        sockets.push(this)
      }
    }
  }

  /** A client whose events are all logged. */
  start(options = {}, { silent = [] } = {}) {
    this.parley = new Parley('http://host:7777', {
      user: '42',
      WebSocket: this.WebSocket,
      timers: this.clock,
      now: this.clock.now,
      random: () => this.#random,
      events: this.window,
      ...options,
    })
    for (const event of ['status', 'welcome', 'gap', 'error', 'message']) {
      if (!silent.includes(event)) this.parley.on(event, value => void this.log.push([event, value]))
    }
    return this.parley
  }

  /** A client that has its welcome; what was logged and sent on the way is taken. */
  open(options = {}, { frame = welcome(), silent } = {}) {
    this.start(options, { silent })
    this.accept(frame)
    return this.parley
  }

  /** The newest socket opens, and the server says welcome. */
  accept(frame = welcome()) {
    this.socket.open()
    const [hello] = this.socket.take()
    assert.equal(hello.type, 'hello')
    this.socket.receive(frame)
    this.take()
    return hello
  }

  set random(value) {
    this.#random = value
  }

  get socket() {
    return this.sockets.at(-1)
  }

  /** The events since the last call. */
  take() {
    return this.log.splice(0)
  }

  /** The events since the last call, named, messages by their body. */
  names() {
    return this.take().map(([event, value]) =>
      event === 'message' ? value.body : event === 'status' ? value.status : event,
    )
  }

  assertExhausted() {
    assert.deepEqual(this.log, [], 'events that nobody expected')
    for (const socket of this.sockets) assert.deepEqual(socket.take(), [], 'frames that nobody expected')
  }
}

/** Lets promises settle; no time passes. */
export const settle = () => new Promise(resolve => setImmediate(resolve))

/** A test of a client on fakes, which fails too when it leaves events or frames that it did not look at. */
export function test(name, run) {
  nodeTest(name, async context => {
    const harness = new Harness()
    await run(harness, context)
    await settle()
    harness.assertExhausted()
  })
}
