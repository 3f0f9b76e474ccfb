/** Tabs that share a connection, all in this process: on fake sockets and fake locks, over a real BroadcastChannel. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { Parley } from '../src/index.js'
import { shareTabs } from '../src/shared.js'
import { at, Harness, message, standing, welcome } from './harness.js'

/** Locks in the order of the requests, as the Web Locks specification says. */
class FakeLocks {
  #held = new Set()
  #queue = []

  request(name, { signal }, run) {
    return new Promise((resolve, reject) => {
      const request = { name, run, resolve }
      signal.addEventListener('abort', () => {
        this.#queue = this.#queue.filter(other => other !== request)
        reject(new DOMException('aborted', 'AbortError'))
      })
      this.#queue.push(request)
      queueMicrotask(() => this.#grant())
    })
  }

  /** Requests that wait. */
  get pending() {
    return this.#queue.length
  }

  query = async () => ({ held: [...this.#held].map(name => ({ name })) })

  #grant() {
    for (const request of this.#queue) {
      if (this.#held.has(request.name)) continue
      this.#held.add(request.name)
      this.#queue = this.#queue.filter(other => other !== request)
      Promise.resolve(request.run()).then(request.resolve).finally(() => {
        this.#held.delete(request.name)
        this.#grant()
      })
      return this.#grant()
    }
  }
}

let h, tabs
beforeEach(() => {
  Object.defineProperty(globalThis, 'navigator', { value: { locks: new FakeLocks() }, configurable: true })
  h = new Harness()
  tabs = []
})
afterEach(() => {
  for (const { parley } of tabs) parley.close()
  delete globalThis.navigator
})

function open(options = {}) {
  const tab = { bodies: [], states: [] }
  tab.parley = shareTabs('http://host:7777', {
    user: '42',
    WebSocket: h.WebSocket,
    timers: h.clock,
    now: h.clock.now,
    events: new EventTarget(),
    ...options,
  })
  tab.parley.on('message', ({ body }) => void tab.bodies.push(body))
  tab.parley.on('status', ({ status, code }) => void tab.states.push(code ?? status))
  tab.parley.on('error', () => {})
  tabs.push(tab)
  return tab
}
/** Messages between tabs take their time. */
async function until(what, probe) {
  for (let i = 0; i < 500; i++) {
    if (probe()) return
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  assert.fail(`not within a second: ${what}`)
}
const sockets = count => until(`${count} sockets`, () => h.sockets.length === count)
const isOpen = ({ parley }) => until('open', () => parley.status === 'open')
/** The frames of this type that the newest socket was sent. */
const sent = (frames, type) => {
  frames.push(...h.socket.take())
  return frames.filter(frame => frame.type === type)
}

/** Two tabs; the first one leads. */
async function two(options) {
  const first = open(options)
  await sockets(1)
  const second = open(options)
  h.accept()
  await Promise.all([isOpen(first), isOpen(second)])
  return [first, second]
}

test('one connection; the next leader goes on from what its tab has', async () => {
  const [first, second] = await two()
  assert.equal(h.sockets.length, 1)
  h.socket.receive(message(1))
  await until('both have it', () => first.bodies.length && second.bodies.length)
  first.parley.close()
  await sockets(2)
  const hello = h.accept(welcome({ channels: { 'user:42': standing(1), everyone: standing(0) } }))
  assert.deepEqual(hello.resume, { 'user:42': at(1), everyone: at(0) })
  assert.deepEqual(h.socket.take(), [{ type: 'ack', channel: 'user:42', position: at(1) }], 'the last ack may have died')
  h.socket.receive(message(1))
  h.socket.receive(message(2))
  await until('the new one', () => second.bodies.length === 2)
  assert.deepEqual([first.bodies, second.bodies], [['m1'], ['m1', 'm2']])
  assert.equal(first.parley.status, 'closed')
  await until('only the new leader watches: itself', () => navigator.locks.pending === 1)
})

test('what a handler of the next leader still has is neither acked nor handled again', async () => {
  const [first, second] = await two()
  let finish
  second.parley.on('message', ({ body }) => body === 'm1' && new Promise(resolve => (finish = resolve)))
  for (const offset of [1, 2]) h.socket.receive(message(offset))
  await until('both came', () => second.bodies.length === 2)
  first.parley.close()
  await sockets(2)
  const hello = h.accept()
  assert.deepEqual(hello.resume, { 'user:42': at(0), everyone: at(0) })
  for (const offset of [1, 2, 3]) h.socket.receive(message(offset, { ack: true }))
  await until('the new one', () => second.bodies.length === 3)
  h.clock.advance(200)
  assert.deepEqual(h.socket.take(), [{ type: 'ack', channel: 'user:42', position: at(0) }])
  finish()
  const frames = []
  await until('all acked', () => sent(frames, 'ack').at(-1)?.position === at(3))
  assert.deepEqual(second.bodies, ['m1', 'm2', 'm3'])
})

test('a tab that is ahead of the next leader stays so: no gap, and nothing twice', async () => {
  navigator.locks.request('parley:ws://host:7777/websocket/42', { signal: new AbortController().signal }, () => new Promise(() => {}))
  const leader = new BroadcastChannel('parley:ws://host:7777/websocket/42')
  const greeted = []
  leader.onmessage = ({ data }) => data.type === 'join' && greeted.push(data.tab)
  const tab = open()
  const gaps = []
  tab.parley.on('gap', ({ position }) => void gaps.push(position))
  const say = (type, more) => leader.postMessage({ type, ...more })
  const hear = offset => say('event', { name: 'message', value: message(offset), of: 'x' })
  const lead = async offset => {
    const before = greeted.length
    say('lead')
    await until('it greets', () => greeted.length > before)
    say('joined', { tab: greeted[0], positions: { 'user:42': at(offset) }, status: 'open' })
  }
  try {
    await lead(1)
    for (const offset of [2, 3]) hear(offset)
    await lead(2)
    for (const offset of [3, 4]) hear(offset)
    await until('the next', () => tab.bodies.at(-1) === 'm4')
    assert.deepEqual([tab.bodies, gaps], [['m2', 'm3', 'm4'], []])
    await lead(9)
    await until('a hole is told', () => gaps.length === 1)
    assert.deepEqual(gaps, [at(9)])
  } finally {
    leader.close()
  }
})

test('a tab takes nothing twice, whatever a leader says', async () => {
  const [, second] = await two()
  const leader = new BroadcastChannel('parley:ws://host:7777/websocket/42')
  for (const [offset, body] of [[1, 'a'], [1, 'again'], [2, 'b']]) {
    leader.postMessage({ type: 'event', name: 'message', value: message(offset, { body }), of: 'x' })
  }
  await until('the last', () => second.bodies.at(-1) === 'b')
  assert.deepEqual(second.bodies, ['a', 'b'])
  leader.close()
})

test('what the leader had sent and was not answered is unconfirmed; what nobody had goes to the next leader', async () => {
  const [first, second] = await two()
  const frames = []
  const lost = second.parley.send({ to: '7', body: 'in flight' }).catch(error => error)
  await until('it is sent', () => sent(frames, 'send').length === 1)
  first.parley.suspend()
  assert.equal((await lost).code, 'unconfirmed')
  const kept = second.parley.send({ to: '7', body: 'waits' })
  await sockets(2)
  h.accept()
  const more = []
  await until('it is sent', () => sent(more, 'send').length === 1)
  assert.equal(more.at(-1).body, 'waits')
  h.socket.receive({ type: 'sent', ref: more.at(-1).ref, id: 'x', online: 1 })
  assert.deepEqual(await kept, { id: 'x', online: 1 })
  assert.equal(first.parley.status, 'suspended')
})

test('a topic that no tab wants any more is forgotten: the next leader starts it with the next message', async () => {
  const [first, second] = await two()
  const frames = []
  const topic = second.parley.subscribe('news')
  await until('subscribed', () => sent(frames, 'subscribe').length === 1)
  h.socket.receive({ type: 'subscribed', topic: 'news', ...standing(4) })
  h.socket.receive(message(5, { channel: 'topic:news' }))
  await until('it came', () => second.bodies.length === 1)
  topic.unsubscribe()
  await until('given up', () => sent(frames, 'unsubscribe').length === 1)
  h.socket.receive({ type: 'unsubscribed', topic: 'news' })
  first.parley.close()
  await sockets(2)
  h.accept()
  await isOpen(second)
  second.parley.subscribe('news')
  const more = []
  await until('subscribed', () => sent(more, 'subscribe').length === 1)
  assert.deepEqual(more.filter(({ type }) => type === 'subscribe'), [{ type: 'subscribe', topic: 'news' }])
})

test('a tab that closes takes its topics along', async () => {
  const [, second] = await two()
  const frames = []
  second.parley.subscribe('news')
  await until('subscribed', () => sent(frames, 'subscribe').length === 1)
  h.socket.receive({ type: 'subscribed', topic: 'news', ...standing(4) })
  second.parley.close()
  await until('given up', () => sent(frames, 'unsubscribe').length === 1)
})

test('while nobody leads the queue has a bound, and says so', async () => {
  const { parley } = open({ maxQueued: 2 })
  const codes = [1, 2, 3, 1n].map(body => parley.send({ body }).catch(({ code }) => code))
  parley.close()
  codes.push(parley.send({ body: 5 }).catch(({ code }) => code))
  assert.deepEqual(await Promise.all(codes), ['closed', 'closed', 'queue_full', 'bad_frame', 'closed'])
})

test('the server sends the user away: every tab is closed, and any of them connects again', async () => {
  const [first, second] = await two()
  h.socket.end(4008, 'bye')
  await until('both are told', () => first.states.at(-1) === 4008 && second.states.at(-1) === 4008)
  assert.equal(second.parley.status, 'closed')
  second.parley.connect()
  await sockets(2)
  h.accept()
  await Promise.all([isOpen(first), isOpen(second)])
})

test('the ack waits for every tab, and names what one failed at', async () => {
  const [, second] = await two()
  let finish
  second.parley.on('message', ({ body }) => body === 'm1' ? new Promise(resolve => (finish = resolve)) : Promise.reject(1))
  h.socket.receive(message(1, { ack: true }))
  await until('it came', () => finish)
  assert.deepEqual(h.socket.take(), [])
  finish()
  const frames = []
  await until('acked', () => sent(frames, 'ack').length === 1)
  assert.deepEqual(frames, [{ type: 'ack', channel: 'user:42', position: at(1) }])
  h.socket.receive(message(2, { ack: true }))
  await until('acked', () => sent(frames, 'ack').length === 2)
  assert.deepEqual(frames[1].failed, [at(2)])
})

test('a page that is left steps down, and comes back; one that was suspended stays so', async () => {
  const events = new EventTarget()
  const { parley } = open({ events })
  await sockets(1)
  h.accept()
  events.dispatchEvent(new Event('pagehide'))
  assert.equal(parley.status, 'suspended')
  assert.equal(h.socket.closed, 1000)
  events.dispatchEvent(new Event('pageshow'))
  await sockets(2)
  parley.suspend()
  events.dispatchEvent(new Event('pagehide'))
  events.dispatchEvent(new Event('pageshow'))
  assert.equal(parley.status, 'suspended')
})

test('a page that may not lock is told', async () => {
  globalThis.navigator.locks.request = async () => {
    throw new DOMException('sandboxed', 'SecurityError')
  }
  const { parley } = open()
  const reason = await new Promise(resolve => parley.on('status', change => change.status === 'closed' && resolve(change.reason)))
  assert.match(reason, /SecurityError/)
})

test('without Web Locks a tab has a connection of its own', () => {
  globalThis.navigator.locks = undefined
  assert.ok(open().parley instanceof Parley)
})
