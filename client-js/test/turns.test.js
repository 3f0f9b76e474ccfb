import assert from 'node:assert/strict'
import { at, message, test, welcome } from './harness.js'

/** A client whose every message takes 4 ms by the clock: three of them end a slice of 10 ms. */
const openSlow = h => {
  h.open()
  h.parley.on('message', () => void (h.clock.skew += 4))
}
const burst = (h, from, to, more) => {
  for (let offset = from; offset <= to; offset++) h.socket.receive(message(offset, more))
}

test('a burst is handed over in slices, in order', h => {
  openSlow(h)
  let slice = 0
  const slices = [[], [], []]
  const { setTimeout } = h.clock
  h.clock.setTimeout = (run, ms) => setTimeout(() => run(ms === 0 && slice++), ms)
  h.parley.on('message', ({ body }) => void slices[slice].push(body))
  burst(h, 1, 7)
  assert.equal(h.names().length, 3)
  burst(h, 8, 8)
  assert.deepEqual(h.names(), [], 'what comes in the pause waits behind the others')
  h.clock.advance(0)
  assert.deepEqual(slices, [['m1', 'm2', 'm3'], ['m4', 'm5', 'm6'], ['m7', 'm8']])
  h.clock.advance(100)
  assert.equal(h.socket.take().at(-1).position, at(8))
  h.take()
})

test('messages that come one by one make no slice', h => {
  openSlow(h)
  for (let offset = 1; offset <= 10; offset++) {
    burst(h, offset, offset)
    h.clock.advance(1)
    h.clock.advance(1)
  }
  assert.equal(h.names().length, 10)
  h.clock.advance(100)
  h.socket.take()
})

test('a close waits behind what came before it: the time to come back, the last messages, the answers', async h => {
  openSlow(h)
  const sent = h.parley.send({ body: 1 })
  h.socket.take()
  burst(h, 1, 4)
  h.socket.receive({ type: 'sent', ref: '1', id: 'x', online: 1 })
  h.socket.receive({ type: 'reconnect', in: 3000 })
  h.socket.end(4103, 'bye')
  assert.equal(h.parley.status, 'open')
  h.clock.advance(0)
  assert.deepEqual(await sent, { id: 'x', online: 1 })
  const [last] = h.take().slice(-1)
  assert.deepEqual(last, ['status', { status: 'waiting', previous: 'open', code: 4103, reason: 'bye', delay: 3000 }])
  h.parley.close()
  h.take()
})

test('a hidden page makes no pauses: nobody waits for it to paint, and its timers are slow', h => {
  openSlow(h)
  h.window.fire('visibilitychange', 'hidden')
  burst(h, 1, 7)
  assert.equal(h.names().length, 7)
  h.clock.advance(100)
  h.socket.take()
})

test('more than 16 Mi characters do not wait: the socket is not read meanwhile', h => {
  openSlow(h)
  let pauses = 0
  const { setTimeout } = h.clock
  h.clock.setTimeout = (run, ms) => setTimeout(run, ms, (pauses += ms === 0))
  burst(h, 1, 23, { body: 'x'.repeat(2 ** 20) })
  h.clock.advance(0)
  assert.equal(h.take().length, 23)
  assert.ok(pauses < 7, `at first 7 of 23 are handled without a pause: ${pauses} pauses`)
  h.clock.advance(2)
  pauses = 0
  burst(h, 24, 30)
  h.clock.advance(0)
  assert.equal(pauses, 2, 'what was handled does not count any more')
  h.take()
  h.clock.advance(100)
  h.socket.take()
})

test('what waits when the line is dropped comes again', h => {
  openSlow(h)
  burst(h, 1, 7)
  h.take()
  h.parley.suspend()
  h.socket.take()
  assert.equal(h.clock.pending, 0)
  assert.deepEqual(h.names(), ['suspended'])
  h.parley.resume()
  assert.equal(h.accept(welcome()).resume['user:42'], at(3))
  h.socket.take()
})

test('a line whose messages wait is not silent', h => {
  openSlow(h)
  h.clock.advance(34_999)
  burst(h, 1, 7)
  h.clock.freeze(34_000)
  assert.equal(h.parley.status, 'open')
  h.socket.take()
  h.take()
})
