import assert from 'node:assert/strict'
import { at, EPOCH, FakeStorage, message, settle, standing, test, welcome } from './harness.js'

const ack = (offset, failed, channel = 'user:42') => ({
  type: 'ack',
  channel,
  position: at(offset),
  ...(failed && { failed: failed.map(offset => at(offset)) }),
})

/** A handler of messages whose ends the test decides, by offset. */
function deferred(parley) {
  const ends = {}
  parley.on('message', ({ position }) => {
    const offset = position.slice(EPOCH.length + 1)
    return new Promise((resolve, reject) => (ends[offset] = { resolve, reject }))
  })
  return ends
}

test('a message, with all its members', h => {
  h.open()
  h.socket.receive(message(1, { sender: '7', reception: '42', flag: 'inform', body: { a: [1] }, ack: true }))
  assert.deepEqual(h.take(), [
    [
      'message',
      {
        channel: 'user:42', position: at(1), id: 'id1', time: 1_760_000_000_001, sender: '7', reception: '42',
        flag: 'inform', body: { a: [1] }, recovered: false,
      },
    ],
  ])
  assert.deepEqual(h.socket.take(), [ack(1)])
})

// --- acks

test('acks that nobody waits for are gathered for 100 ms', h => {
  h.open()
  for (const offset of [1, 2, 5]) h.socket.receive(message(offset))
  h.socket.receive(message(4, { channel: 'everyone' }))
  h.clock.advance(99)
  assert.deepEqual(h.socket.take(), [])
  h.clock.advance(1)
  assert.deepEqual(h.socket.take(), [ack(5), ack(4, undefined, 'everyone')])
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [], 'once')
  h.take()
})

test('a steady stream does not put acks off', h => {
  h.open()
  for (let offset = 1; offset <= 6; offset++) {
    h.socket.receive(message(offset))
    h.clock.advance(40)
  }
  assert.deepEqual(h.socket.take(), [ack(3), ack(6)])
  h.take()
})

test('an awaited message is acked at once, the others with it', h => {
  h.open()
  h.socket.receive(message(1))
  h.socket.receive(message(2, { ack: true }))
  assert.deepEqual(h.socket.take(), [ack(2)])
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [])
  h.take()
})

test('the ack comes after the promise of the handler', async h => {
  h.open()
  const ends = deferred(h.parley)
  h.socket.receive(message(1, { ack: true }))
  await settle()
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [])
  ends[1].resolve()
  await settle()
  assert.deepEqual(h.socket.take(), [ack(1)])
  h.take()
})

test('acks are cumulative: a message whose handler still runs holds those behind it', async h => {
  h.open()
  const ends = deferred(h.parley)
  for (const offset of [1, 2, 3, 4]) h.socket.receive(message(offset, { ack: offset === 2 }))
  ends[2].resolve()
  ends[3].resolve()
  await settle()
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [])
  ends[1].resolve()
  await settle()
  assert.deepEqual(h.socket.take(), [ack(3)], 'at once: somebody waits for 2')
  ends[4].resolve()
  await settle()
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [ack(4)])
  h.take()
})

test('a handler that throws breaks nothing: the message is passed over, by name', async h => {
  h.open()
  const broken = new Error('broken')
  h.parley.on('message', ({ body }) => {
    if (body === 'm2') throw broken
    if (body === 'm3') return Promise.reject(broken)
  })
  for (const offset of [1, 2, 3, 4]) h.socket.receive(message(offset))
  await settle()
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [ack(4, [2, 3])])
  const fault = { code: 'handler', detail: 'broken', cause: broken }
  assert.deepEqual(h.take().filter(([event]) => event === 'error'), [['error', fault], ['error', fault]])
  h.socket.receive(message(5, { ack: true }))
  assert.deepEqual(h.socket.take(), [ack(5)], 'named once')
  h.take()
})

test('one handler of several that throws is a failure, and the others still run', h => {
  h.open()
  const seen = []
  h.parley.on('message', () => {
    throw new Error('broken')
  })
  h.parley.on('message', ({ body }) => void seen.push(body))
  h.socket.receive(message(1, { ack: true }))
  assert.deepEqual(seen, ['m1'])
  assert.deepEqual(h.socket.take(), [ack(1, [1])])
  h.take()
})

test('a failure above what is handled is named when it is reached', async h => {
  h.open()
  const ends = deferred(h.parley)
  for (const offset of [1, 2]) h.socket.receive(message(offset, { ack: true }))
  ends[2].reject(new Error('broken'))
  await settle()
  assert.deepEqual(h.socket.take(), [])
  ends[1].resolve()
  await settle()
  assert.deepEqual(h.socket.take(), [ack(2, [2])])
  h.take()
})

test('many failures are told in several acks: a frame has its limit', h => {
  h.open({}, { silent: ['error'] })
  h.parley.on('error', () => {})
  h.parley.on('message', () => {
    throw new Error('broken')
  })
  for (let offset = 1; offset <= 1201; offset++) h.socket.receive(message(offset))
  h.clock.advance(100)
  const acks = h.socket.take()
  assert.deepEqual(
    acks.map(frame => [frame.position, frame.failed.length]),
    [[at(500), 500], [at(1000), 500], [at(1201), 201]],
  )
  assert.equal(new Set(acks.flatMap(frame => frame.failed)).size, 1201)
  h.take()
})

test('what nobody listens to counts for no receipt, and holds nobody up', h => {
  h.open({}, { silent: ['message'] })
  const seen = []
  h.parley.on('flag:command', ({ body }) => void seen.push(body))
  h.socket.receive(message(1))
  h.socket.receive(message(2, { flag: 'command', ack: true }))
  assert.deepEqual(seen, ['m2'])
  assert.deepEqual(h.socket.take(), [ack(2, [1])])
})

test('a message without position is always handled and never acked', h => {
  h.open()
  for (let i = 0; i < 2; i++) h.socket.receive(message(1, { position: undefined }))
  h.clock.advance(1000)
  const [[, first], [, second]] = h.take()
  assert.equal(first.position, undefined)
  assert.equal(first.recovered, false)
  assert.equal(second.body, 'm1')
})

// --- duplicates, jumps, epochs

test('what came before is dropped; a jump is no loss', h => {
  h.open()
  for (const offset of [1, 2, 2, 1, 7, 3, 7, 8]) h.socket.receive(message(offset))
  assert.deepEqual(h.names(), ['m1', 'm2', 'm7', 'm8'])
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [ack(8)])
})

test('channels are told apart', h => {
  h.open()
  h.socket.receive(message(1))
  h.socket.receive(message(1, { channel: 'everyone', body: 'e1' }))
  assert.deepEqual(h.names(), ['m1', 'e1'])
  h.clock.advance(100)
  h.socket.take()
})

test('at or below the position of the welcome nothing is new', h => {
  h.open({}, { frame: welcome({ channels: { 'user:42': standing(5) } }) })
  h.socket.receive(message(5))
  h.socket.receive(message(6))
  assert.deepEqual(h.names(), ['m6'])
  h.clock.advance(100)
  h.socket.take()
})

test('a message that came before and is awaited now is acked again', async h => {
  h.open()
  h.socket.receive(message(1, { ack: true }))
  assert.deepEqual(h.socket.take(), [ack(1)])
  h.socket.receive(message(1, { ack: true }))
  assert.deepEqual(h.socket.take(), [ack(1)])
  const ends = deferred(h.parley)
  h.socket.receive(message(2))
  h.socket.receive(message(2, { ack: true }))
  assert.deepEqual(h.socket.take(), [ack(1)], 'the handler of 2 still runs')
  ends[2].resolve()
  await settle()
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [ack(2)])
  assert.deepEqual(h.names(), ['m1', 'm2'])
})

test('what nobody handled is not acked again either', h => {
  h.open({}, { frame: welcome({ channels: { 'user:42': standing(5) } }) })
  h.socket.receive(message(5, { ack: true }))
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [])
})

test('a new epoch starts anew; acks of the old one are not sent any more', async h => {
  h.open()
  const ends = deferred(h.parley)
  h.socket.receive(message(9))
  h.socket.receive(message(1, { position: at(1, 'newEpoch'), body: 'n1', ack: true }))
  assert.deepEqual(h.names(), ['m9', 'n1'])
  ends[9].resolve()
  await settle()
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [])
  h.socket.receive(message(1, { position: at(1, 'newEpoch') }))
  assert.deepEqual(h.names(), [], 'dropped under the new epoch')
})

test('a gap is told, with its size or null, and moves the channel', h => {
  h.open()
  h.socket.receive(message(1))
  h.socket.receive({ type: 'gap', channel: 'user:42', missed: 3, position: at(4) })
  h.socket.receive({ type: 'gap', channel: 'everyone', missed: null, position: at(0, 'newEpoch') })
  assert.deepEqual(h.take().slice(1), [
    ['gap', { channel: 'user:42', missed: 3, position: at(4) }],
    ['gap', { channel: 'everyone', missed: null, position: at(0, 'newEpoch') }],
  ])
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [ack(1)], 'what was passed over is not acked: nobody handled it')
  h.socket.end(1006)
  h.clock.advance(500)
  assert.deepEqual(h.accept().resume, { 'user:42': at(4), everyone: at(0, 'newEpoch') })
  h.clock.advance(100)
  h.socket.take()
})

// --- resume

test('resume names the last received of every channel, handled or not', async h => {
  h.open()
  const ends = deferred(h.parley)
  h.socket.receive(message(1))
  h.socket.receive(message(2))
  ends[1].resolve()
  await settle()
  h.socket.end(1006)
  h.clock.advance(500)
  assert.deepEqual(h.accept(welcome({ channels: { 'user:42': standing(2), everyone: standing(0) } })), {
    type: 'hello',
    resume: { 'user:42': at(2), everyone: at(0) },
  })
  assert.deepEqual(h.socket.take(), [ack(1)], 'the ack that died with its line')
  ends[2].resolve()
  await settle()
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [ack(2)], 'a handler from before the reconnect')
  h.take()
})

test('after a reconnect the inbox is acked again, the other channels only when they owe', h => {
  h.open()
  h.socket.receive(message(1, { ack: true }))
  h.socket.receive(message(1, { channel: 'everyone', ack: true }))
  h.socket.receive(message(2, { channel: 'everyone' }))
  h.socket.take()
  h.socket.end(1006)
  h.clock.advance(500)
  h.accept(welcome({ channels: { 'user:42': standing(1), everyone: standing(2) } }))
  assert.deepEqual(h.socket.take(), [ack(1), ack(2, undefined, 'everyone')])
  h.socket.end(1006)
  h.clock.advance(1000)
  h.accept(welcome({ channels: { 'user:42': standing(1), everyone: standing(2) } }))
  assert.deepEqual(h.socket.take(), [ack(1)])
  h.take()
})

test('no ack goes out between hello and welcome', async h => {
  h.open()
  const ends = deferred(h.parley)
  h.socket.receive(message(1, { ack: true }))
  h.socket.end(1006)
  h.clock.advance(500)
  h.socket.open()
  assert.equal(h.socket.take()[0].type, 'hello')
  ends[1].resolve()
  await settle()
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [])
  h.socket.receive(welcome({ channels: { 'user:42': standing(1) } }))
  assert.deepEqual(h.socket.take(), [ack(1)])
  h.take()
})

test('failures from before a reconnect are not named after it: nobody waits for them any more', async h => {
  h.open()
  const ends = deferred(h.parley)
  for (const offset of [1, 2]) h.socket.receive(message(offset))
  h.socket.end(1006)
  ends[1].reject(new Error('broken'))
  await settle()
  h.clock.advance(500)
  h.accept(welcome({ channels: { 'user:42': standing(2) } }))
  assert.deepEqual(h.socket.take(), [ack(1)])
  ends[2].reject(new Error('broken'))
  await settle()
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [ack(2, [2])])
  h.take()
})

test('nothing is acked beyond what the new connection told', h => {
  h.open()
  for (const offset of [1, 2, 3]) h.socket.receive(message(offset))
  h.socket.end(1006)
  h.clock.advance(500)
  h.accept(welcome({ channels: { 'user:42': standing(1), everyone: standing(0) } }))
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [], 'it told 1, and 3 are handled')
  h.socket.receive(message(2))
  h.socket.receive(message(3))
  assert.deepEqual(h.names(), [], 'handled before')
  h.socket.receive(message(4))
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [ack(4)])
  h.take()
})

test('a channel that the new connection did not name is not acked', h => {
  h.open()
  h.socket.receive(message(1, { channel: 'everyone' }))
  h.socket.end(1006)
  h.clock.advance(500)
  h.accept(welcome({ channels: { 'user:42': standing(0) } }))
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [])
  h.take()
})

test('a welcome under another epoch: told as a gap, and resumed from there', h => {
  h.open()
  h.socket.receive(message(7))
  h.take()
  h.socket.end(1006)
  h.clock.advance(500)
  h.socket.open()
  h.socket.take()
  const fresh = { position: at(2, 'newEpoch'), newest: at(3, 'newEpoch'), recovered: false, missed: null }
  h.socket.receive(welcome({ channels: { 'user:42': fresh, everyone: standing(0) } }))
  assert.deepEqual(h.take().slice(-1), [['gap', { channel: 'user:42', missed: null, position: at(2, 'newEpoch') }]])
  h.socket.receive(message(3, { position: at(3, 'newEpoch') }))
  assert.equal(h.take()[0][1].recovered, true)
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [{ type: 'ack', channel: 'user:42', position: at(3, 'newEpoch') }])
  h.socket.end(1006)
  h.clock.advance(1000)
  assert.equal(h.accept().resume['user:42'], at(3, 'newEpoch'))
  h.take()
  h.socket.take()
})

test('holes that the welcome tells are gaps, before any message', h => {
  h.start()
  h.take()
  h.socket.open()
  h.socket.take()
  h.socket.receive(welcome({ channels: { 'user:42': standing(9, { missed: 4 }), everyone: standing(0) } }))
  assert.deepEqual(h.take().slice(2), [['gap', { channel: 'user:42', missed: 4, position: at(9) }]])
})

test('recovered: at or below newest', h => {
  h.open({}, { frame: welcome({ channels: { 'user:42': standing(3, { newest: at(5), recovered: true }) } }) })
  for (const offset of [4, 5, 6]) h.socket.receive(message(offset))
  assert.deepEqual(h.take().map(([, { recovered }]) => recovered), [true, true, false])
  h.clock.advance(100)
  h.socket.take()
})

test('recovered is of this connection: the newest of the one before does not count', h => {
  h.open({}, { frame: welcome({ channels: { 'user:42': standing(0, { newest: at(5) }) } }) })
  h.socket.end(1006)
  h.clock.advance(500)
  h.accept(welcome({ channels: {} }))
  h.socket.receive(message(1))
  assert.equal(h.take()[0][1].recovered, false)
  h.clock.advance(100)
  h.socket.take()
})

test('a newest of another epoch says nothing', h => {
  h.open({}, { frame: welcome({ channels: { 'user:42': standing(3, { newest: at(9, 'newEpoch') }) } }) })
  h.socket.receive(message(4))
  assert.equal(h.take()[0][1].recovered, false)
  h.clock.advance(100)
  h.socket.take()
})

test('suspend() and close() let the acks go first', h => {
  h.open()
  h.socket.receive(message(1))
  h.parley.suspend()
  assert.deepEqual(h.socket.take(), [ack(1)])
  h.parley.resume()
  h.accept(welcome({ channels: { 'user:42': standing(1) } }))
  h.socket.take()
  h.socket.receive(message(2))
  h.parley.close()
  assert.deepEqual(h.socket.take(), [ack(2)])
  assert.equal(h.clock.pending, 0)
  h.take()
})

test('an ack that the closing socket does not take is not lost', h => {
  h.open()
  h.socket.receive(message(1))
  h.socket.readyState = 2
  h.clock.advance(100)
  h.socket.end(1006)
  h.clock.advance(500)
  h.accept(welcome({ channels: { 'user:42': standing(1) } }))
  assert.deepEqual(h.socket.take(), [ack(1)])
  h.take()
})

// --- storage

test('storage keeps the last handled over a reload', async h => {
  const storage = new FakeStorage()
  h.open({ storage, topics: ['news'] }, {
    frame: welcome({ channels: { 'user:42': standing(0), everyone: standing(0), 'topic:news': standing(4) } }),
  })
  const ends = deferred(h.parley)
  for (const offset of [1, 2, 3]) h.socket.receive(message(offset))
  ends[1].resolve()
  ends[3].resolve()
  await settle()
  h.clock.advance(100)
  h.socket.take()
  h.take()
  h.start({ storage, topics: ['news'] })
  h.socket.open()
  assert.deepEqual(h.socket.take(), [
    { type: 'hello', resume: { 'user:42': at(1), everyone: at(0), 'topic:news': at(4) } },
  ])
  h.take()
})

test('storage: what was acked at once is stored too', h => {
  const storage = new FakeStorage()
  h.open({ storage })
  h.socket.receive(message(1, { ack: true }))
  assert.equal(h.socket.take().length, 1)
  h.clock.advance(100)
  const stored = storage.getItem('parley:ws://host:7777/websocket/42')
  assert.deepEqual(JSON.parse(stored), { 'user:42': at(1), everyone: at(0) })
  h.take()
})

test('storage: what a page before handled is acked, its last ack may have died with it', h => {
  const storage = new FakeStorage()
  storage.setItem('parley:ws://host:7777/websocket/42', JSON.stringify({ 'user:42': at(5), everyone: at(3) }))
  h.start({ storage, topics: ['news'] })
  const channels = { 'user:42': standing(5), everyone: standing(3) }
  assert.deepEqual(h.accept(welcome({ channels })), {
    type: 'hello',
    resume: { 'user:42': at(5), everyone: at(3) },
    topics: ['news'],
  })
  assert.deepEqual(h.socket.take(), [{ type: 'ack', channel: 'user:42', position: at(5) }])
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [], 'once')
  h.take()
})

test('storage: what a page with `since` passed over stays in the inbox', h => {
  const storage = new FakeStorage()
  storage.setItem('parley:ws://host:7777/websocket/42', JSON.stringify({ 'user:42': at(5) }))
  h.start({ storage, since: 'now' })
  h.accept(welcome({ channels: { 'user:42': standing(5) } }))
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [])
  h.take()
})

test('storage: of another epoch nothing is acked', h => {
  const storage = new FakeStorage()
  storage.setItem('parley:ws://host:7777/websocket/42', JSON.stringify({ 'user:42': at(5, 'Another1') }))
  h.start({ storage })
  h.accept(welcome({ channels: { 'user:42': standing(7, { missed: null }) } }))
  h.clock.advance(1000)
  assert.deepEqual(h.socket.take(), [])
  h.take()
})

test('storage: a topic that is subscribed later goes on where it was', h => {
  const storage = new FakeStorage()
  storage.setItem('parley:ws://host:7777/websocket/42', JSON.stringify({ 'topic:news': at(4) }))
  h.open({ storage })
  h.parley.subscribe('news')
  assert.deepEqual(h.socket.take(), [{ type: 'subscribe', topic: 'news', since: at(4) }])
  h.take()
})

test('storage: topics that are not wanted any more are not named', h => {
  const storage = new FakeStorage()
  storage.setItem('parley:ws://host:7777/websocket/42', JSON.stringify({ 'topic:old': at(5) }))
  h.start({ storage })
  assert.deepEqual(h.accept(), { type: 'hello' })
  h.parley.subscribe('old')
  assert.deepEqual(h.socket.take(), [{ type: 'subscribe', topic: 'old', since: at(5) }])
  h.take()
})

test('a storage that throws or holds something else is an empty one', h => {
  const throwing = {
    getItem: () => {
      throw new Error('blocked')
    },
    setItem: () => {
      throw new Error('full')
    },
  }
  const holding = text => ({ getItem: () => text, setItem() {} })
  for (const storage of [throwing, ...['"x"', 'null', '{', '{"user:42":7}'].map(holding)]) {
    h.start({ storage })
    assert.deepEqual(h.accept(), { type: 'hello' })
    h.socket.receive(message(1, { ack: true }))
    h.clock.advance(100)
    assert.equal(h.parley.status, 'open')
    h.socket.take()
    h.parley.close()
    h.take()
  }
})

test('two users do not share a position', h => {
  const storage = new FakeStorage()
  h.open({ storage })
  h.socket.receive(message(1))
  h.parley.close()
  h.socket.take()
  h.start({ storage, user: '43' })
  assert.deepEqual(h.accept(), { type: 'hello' })
  h.take()
})
