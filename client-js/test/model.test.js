/**
 * Random publishes, disconnections, losses, trims and new epochs against a small model of the server. It checks every
 * frame of the client, and at the end the ledger: what was published was handled once, in order, or declared missed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Harness, settle } from './harness.js'

/** mulberry32 */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

class Stream {
  static epochs = 0
  constructor(name) {
    this.name = name
    this.forget()
  }
  /** Comes back with a new epoch, and nothing in it. */
  forget() {
    this.epoch = `epoch${++Stream.epochs}`
    this.top = 0
    this.kept = []
    this.excluded = new Set()
  }
  at(offset) {
    return `${this.epoch}-${offset}`
  }
  /** The oldest offset that can still be had. */
  get floor() {
    return this.kept.length ? this.kept[0] : this.top + 1
  }
}

/** The server's side of DESIGN 3.1 and 4.3, one client, one message a step. */
class Model {
  streams = new Map()
  /** What may not be delivered any more, by `channel epoch offset`. */
  missed = new Set()
  cursor = 0
  subs = new Map()
  socket = null

  constructor(random) {
    this.random = random
    for (const name of ['user:42', 'everyone', 'topic:a', 'topic:b']) this.streams.set(name, new Stream(name))
  }

  publish(name) {
    const stream = this.streams.get(name)
    stream.kept.push(++stream.top)
    if (this.random() < 0.1) stream.excluded.add(stream.top)
  }

  connected(socket) {
    this.socket = socket
    this.subs = new Map()
  }

  /** Puts a subscription where it starts, and says so. */
  start(name, since) {
    const stream = this.streams.get(name)
    const [epoch, offset] = since ? since.split('-') : []
    let last = stream.top
    let missed = 0
    let known = false
    if (since) {
      known = epoch === stream.epoch && Number(offset) <= stream.top
      last = known ? Number(offset) : 0
    } else if (name === 'user:42') {
      last = this.cursor
    }
    const gone = Math.max(0, stream.floor - 1 - last)
    if (gone) this.lose(stream, last, stream.floor - 1)
    last += gone
    missed = since && !known ? null : gone
    this.subs.set(name, { epoch: stream.epoch, last, told: last })
    return { position: stream.at(last), newest: stream.at(stream.top), recovered: known && !gone, missed }
  }

  lose(stream, from, to) {
    for (let offset = from + 1; offset <= to; offset++) this.missed.add(`${stream.name} ${stream.epoch} ${offset}`)
  }

  receive(frame, client) {
    const say = answer => this.socket.receive(answer)
    switch (frame.type) {
      case 'hello': {
        const { resume = {}, topics = [] } = frame
        const channels = {}
        const names = new Set(['user:42', 'everyone', ...Object.keys(resume), ...topics.map(topic => `topic:${topic}`)])
        for (const name of names) channels[name] = this.start(name, resume[name])
        return say({ type: 'welcome', session: 's', user: '42', heartbeat: 25, channels })
      }
      case 'subscribe': {
        const name = `topic:${frame.topic}`
        assert.ok(!this.subs.has(name), `${name} is subscribed already`)
        return say({ type: 'subscribed', topic: frame.topic, ...this.start(name, frame.since) })
      }
      case 'unsubscribe':
        assert.ok(this.subs.delete(`topic:${frame.topic}`), `${frame.topic} is not subscribed`)
        return say({ type: 'unsubscribed', topic: frame.topic })
      case 'ack': {
        const sub = this.subs.get(frame.channel)
        const [epoch, text] = frame.position.split('-')
        const offset = Number(text)
        assert.equal(epoch, sub?.epoch, `bad_ack: epoch of ${frame.channel}`)
        assert.ok(offset <= sub.told, `bad_ack: ${offset} of ${frame.channel}, told ${sub.told}`)
        client.checkAck(frame.channel, epoch, offset, frame.failed ?? [])
        if (frame.channel === 'user:42' && epoch === this.streams.get('user:42').epoch) this.cursor = Math.max(this.cursor, offset)
        return
      }
      case 'ping':
        return say({ type: 'pong' })
      default:
        assert.fail(`unexpected ${frame.type}`)
    }
  }

  /** Delivers one message, or tells one gap. */
  deliver() {
    const behind = [...this.subs].filter(([name, sub]) => {
      const stream = this.streams.get(name)
      return sub.epoch !== stream.epoch || sub.last < stream.top
    })
    if (!behind.length) return false
    const [name, sub] = behind[Math.floor(this.random() * behind.length)]
    const stream = this.streams.get(name)
    if (sub.epoch !== stream.epoch) {
      const last = stream.floor - 1
      this.lose(stream, 0, last)
      Object.assign(sub, { epoch: stream.epoch, last, told: last })
      this.socket.receive({ type: 'gap', channel: name, missed: null, position: stream.at(last) })
    } else if (sub.last + 1 < stream.floor) {
      const missed = stream.floor - 1 - sub.last
      this.lose(stream, sub.last, stream.floor - 1)
      sub.last = sub.told = stream.floor - 1
      this.socket.receive({ type: 'gap', channel: name, missed, position: stream.at(sub.last) })
    } else {
      const offset = ++sub.last
      sub.told = offset
      if (stream.excluded.has(offset)) return true
      const { epoch } = stream
      const ack = this.random() < 0.2 || undefined
      this.socket.receive({
        type: 'message', channel: name, position: stream.at(offset), id: 'x', time: 1, body: `${epoch} ${offset}`, ack,
      })
    }
    return true
  }
}

/** What the application saw. */
class Ledger {
  /** By `channel epoch`: offset -> 'running', 'done' or 'failed'. */
  handled = new Map()
  running = []

  constructor(random) {
    this.random = random
  }

  take = ({ channel, body }) => {
    const [epoch, text] = body.split(' ')
    const offset = Number(text)
    const key = `${channel} ${epoch}`
    const offsets = this.handled.get(key) ?? new Map()
    this.handled.set(key, offsets)
    const before = [...offsets.keys()].at(-1) ?? 0
    assert.ok(offset > before, `${key}: ${offset} after ${before}`)
    offsets.set(offset, 'running')
    const end = failed => offsets.set(offset, failed ? 'failed' : 'done')
    const kind = this.random()
    if (kind < 0.1) {
      end(true)
      throw new Error('sync')
    }
    if (kind < 0.5) return end(false)
    return new Promise((resolve, reject) => {
      this.running.push(() => {
        const failed = this.random() < 0.2
        end(failed)
        if (failed) reject(new Error('async'))
        else resolve()
      })
    })
  }

  /** Lets one running handler end. */
  finish() {
    const [end] = this.running.splice(Math.floor(this.random() * this.running.length), 1)
    end?.()
  }

  checkAck(channel, epoch, position, failed) {
    const offsets = this.handled.get(`${channel} ${epoch}`) ?? new Map()
    assert.ok(offsets.has(position), `${channel} ${epoch}: ${position} acked and never seen`)
    for (const [offset, state] of offsets) {
      if (offset <= position) assert.notEqual(state, 'running', `${channel}: ${position} acked while ${offset} runs`)
    }
    for (const name of failed) {
      const [of, offset] = name.split('-')
      assert.equal(of, epoch)
      assert.ok(Number(offset) <= position && offsets.get(Number(offset)) === 'failed', `${name} did not fail`)
    }
  }
}

async function run(seed) {
  const random = generator(seed)
  const h = new Harness()
  const model = new Model(random)
  const ledger = new Ledger(random)
  h.start({ topics: ['a'] }, { silent: ['status', 'welcome', 'gap', 'error', 'message'] })
  h.parley.on('error', fault => assert.equal(fault.code, 'handler', fault.detail))
  h.parley.on('message', ledger.take)
  let b = null

  const exchange = () => {
    if (h.socket !== model.socket && h.parley.status === 'connecting') {
      h.socket.open()
      model.connected(h.socket)
    }
    for (let frames; (frames = model.socket?.take() ?? []).length; ) {
      for (const frame of frames) if (h.parley.status !== 'suspended') model.receive(frame, ledger)
    }
  }
  const steps = [
    [30, () => model.publish(['user:42', 'everyone', 'topic:a', 'topic:b'][Math.floor(random() * 4)])],
    [40, () => h.parley.status === 'open' && model.deliver()],
    [20, () => ledger.finish()],
    [5, () => h.clock.advance(Math.floor(random() * 300))],
    [2, () => h.socket.readyState === 1 && h.socket.end(1006)],
    [2, () => (h.parley.status === 'suspended' ? h.parley.resume() : h.parley.suspend())],
    [1, () => h.window.fire('online')],
    [1, () => {
      const stream = [...model.streams.values()][Math.floor(random() * 4)]
      stream.kept.splice(0, Math.floor(random() * stream.kept.length))
    }],
    [0.5, () => {
      const stream = [...model.streams.values()][Math.floor(random() * 4)]
      stream.forget()
      if (stream.name === 'user:42') model.cursor = 0
    }],
    [2, () => {
      if (b) b.unsubscribe()
      b = b ? null : h.parley.subscribe('b')
    }],
  ]
  const total = steps.reduce((sum, [weight]) => sum + weight, 0)
  exchange() // before anything is published: topics start live
  for (let i = 0; i < 300; i++) {
    let pick = random() * total
    const [, step] = steps.find(([weight]) => (pick -= weight) < 0)
    step()
    exchange()
    if (random() < 0.3) await settle()
    exchange()
  }

  if (h.parley.status === 'suspended') h.parley.resume()
  while (h.parley.status !== 'open') {
    h.clock.advance(500)
    exchange()
  }
  while (model.deliver()) exchange()
  while (ledger.running.length) ledger.finish()
  await settle()
  h.clock.advance(100)
  exchange()

  // Of the channels that were never left, nothing is missing without a word.
  let messages = 0
  for (const name of ['user:42', 'everyone', 'topic:a']) {
    const stream = model.streams.get(name)
    const handled = ledger.handled.get(`${name} ${stream.epoch}`) ?? new Map()
    for (let offset = 1; offset <= stream.top; offset++) {
      const key = `${name} ${stream.epoch} ${offset}`
      if (stream.excluded.has(offset)) assert.ok(!handled.has(offset), `${key} was excluded`)
      else if (!model.missed.has(key)) assert.ok(handled.has(offset), `${key} is missing`)
    }
    messages += handled.size
  }
  const inbox = model.streams.get('user:42')
  const last = [...(ledger.handled.get(`user:42 ${inbox.epoch}`)?.keys() ?? [])].at(-1) ?? 0
  assert.equal(model.cursor, last, 'in the end everything is acked')
  return messages
}

test('400 random runs', async () => {
  let messages = 0
  for (let seed = 1; seed <= 400; seed++) {
    try {
      messages += await run(seed)
    } catch (cause) {
      throw new Error(`seed ${seed}: ${cause.message}`, { cause })
    }
  }
  assert.ok(messages > 10_000, `the runs handled ${messages} messages: too few to mean something`)
})
