import assert from 'node:assert/strict'
import { settle, standing, test, welcome } from './harness.js'

/** The outcome of a promise so far. */
function watch(promise) {
  const seen = { state: 'pending' }
  promise.then(
    value => Object.assign(seen, { state: 'resolved', value }),
    error => Object.assign(seen, { state: 'rejected', error, code: error.code }),
  )
  return seen
}

test('send: the promise is the answer of the server', async h => {
  h.open()
  const outcome = watch(h.parley.send({ to: '10010', flag: 'inform', body: 'hi' }))
  assert.deepEqual(h.socket.take(), [{ type: 'send', ref: '1', reception: 'user:10010', flag: 'inform', body: 'hi' }])
  await settle()
  assert.equal(outcome.state, 'pending')
  h.socket.receive({ type: 'sent', ref: '1', id: 'x', online: 2 })
  await settle()
  assert.deepEqual(outcome.value, { id: 'x', online: 2 })
})

test('whom it goes to', async h => {
  h.open()
  const reception = async target => {
    h.parley.send({ ...target, body: null }).catch(() => {})
    return h.socket.take()[0].reception
  }
  assert.equal(await reception({ to: '7' }), 'user:7')
  assert.equal(await reception({ to: 7 }), 'user:7')
  assert.equal(await reception({ to: 'everyone' }), 'user:everyone', 'a user may be called so')
  assert.equal(await reception({ topic: 'news' }), 'topic:news')
  assert.equal(await reception({ everyone: true }), 'everyone')
  assert.equal(await reception({ everyone: false }), undefined)
  assert.equal(await reception({ reception: '7' }), '7')
  assert.equal(await reception({}), undefined)
  await assert.rejects(h.parley.send({ to: '7', topic: 'news', body: 1 }), { code: 'bad_reception' })
})

test('offline, sends wait, in order, and go out once there is a welcome', async h => {
  h.start()
  const first = watch(h.parley.send({ body: 'a' }))
  h.parley.send({ body: 'b' }).catch(() => {})
  h.socket.open()
  assert.deepEqual(h.socket.take(), [{ type: 'hello' }])
  h.socket.receive(welcome())
  assert.deepEqual(h.socket.take().map(frame => frame.body), ['a', 'b'])
  h.socket.receive({ type: 'sent', ref: '1', id: 'x', online: 0 })
  await settle()
  assert.equal(first.state, 'resolved')
  h.take()
})

test('the queue has a bound, and says so', async h => {
  h.start({ maxQueued: 2 })
  const waiting = [watch(h.parley.send({ body: 1 })), watch(h.parley.send({ body: 2 }))]
  const full = watch(h.parley.send({ body: 3 }))
  await settle()
  assert.equal(full.code, 'queue_full')
  assert.equal(full.error.name, 'ParleyError')
  h.accept()
  assert.deepEqual(h.socket.take().map(frame => frame.body), [1, 2])
  for (let i = 0; i < 10; i++) h.parley.send({ body: i }).catch(() => {})
  assert.equal(h.socket.take().length, 10, 'an open line has no queue')
  await settle()
  assert.deepEqual(waiting.map(({ state }) => state), ['pending', 'pending'])
})

test('100 wait by default', async h => {
  h.start()
  const all = Array.from({ length: 101 }, (_, i) => watch(h.parley.send({ body: i })))
  await settle()
  assert.deepEqual(all.flatMap(({ code }, i) => (code ? [[i, code]] : [])), [[100, 'queue_full']])
  h.take()
})

for (const [how, cut] of Object.entries({
  'a close': h => h.socket.end(1006),
  silence: h => h.clock.advance(35_000),
  'suspend()': h => h.parley.suspend(),
  'close()': h => h.parley.close(),
  'being kicked': h => h.socket.end(4008),
})) {
  test(`sent and not confirmed before ${how}: unconfirmed, and never sent again`, async h => {
    h.open()
    const outcome = watch(h.parley.send({ body: 'a' }))
    h.socket.take()
    cut(h)
    await settle()
    assert.equal(outcome.code, 'unconfirmed')
    if (h.parley.status === 'suspended') h.parley.resume()
    if (h.parley.status === 'waiting') h.clock.advance(500)
    if (h.parley.status === 'connecting') {
      h.accept()
      h.socket.receive({ type: 'sent', ref: '1', id: 'x', online: 1 })
    }
    assert.deepEqual(h.socket.take(), [])
    h.take()
  })
}

test('what was never sent goes out on the next connection', async h => {
  h.open()
  h.socket.readyState = 2
  const outcome = watch(h.parley.send({ body: 'a' }))
  h.socket.end(1006)
  await settle()
  assert.equal(outcome.state, 'pending')
  h.clock.advance(500)
  h.accept()
  assert.deepEqual(h.socket.take(), [{ type: 'send', ref: '1', body: 'a' }])
  h.parley.suspend()
  const second = watch(h.parley.send({ body: 'b' }))
  h.parley.resume()
  h.accept()
  assert.deepEqual(h.socket.take(), [{ type: 'send', ref: '2', body: 'b' }])
  assert.equal(second.state, 'pending')
  h.take()
})

test('closed: what waited is rejected, and what comes later', async h => {
  h.start()
  const waiting = watch(h.parley.send({ body: 1 }))
  h.socket.end(4003)
  const late = watch(h.parley.send({ body: 2 }))
  await settle()
  assert.deepEqual([waiting.code, late.code], ['closed', 'closed'])
  h.parley.connect()
  h.accept()
  assert.deepEqual(h.socket.take(), [], 'what was rejected is not sent after all')
  h.take()
})

test('closed by a status handler that connects again: nothing waits behind its back', async h => {
  h.start()
  const waiting = watch(h.parley.send({ body: 1 }))
  h.parley.on('status', ({ status }) => {
    if (status === 'closed') h.parley.connect()
  })
  h.socket.end(4008)
  await settle()
  assert.equal(waiting.code, 'closed')
  assert.equal(h.parley.status, 'connecting')
  h.take()
})

test('an error with a ref rejects its send, and is an event', async h => {
  h.open()
  const [bad, good] = [watch(h.parley.send({ to: 'a/b', body: 1 })), watch(h.parley.send({ body: 2 }))]
  h.socket.take()
  h.socket.receive({ type: 'error', ref: '1', code: 'bad_reception', detail: 'no /' })
  await settle()
  assert.deepEqual([bad.code, bad.error.message, good.state], ['bad_reception', 'no /', 'pending'])
  assert.deepEqual(h.take(), [['error', { code: 'bad_reception', detail: 'no /', ref: '1' }]])
})

test('bodies', async h => {
  h.open()
  for (const body of [null, 0, '', false, [], {}, 'é 🎉']) {
    h.parley.send({ body }).catch(() => {})
    assert.deepEqual(h.socket.take()[0].body, body)
  }
  const cycle = {}
  cycle.self = cycle
  for (const body of [undefined, () => {}, Symbol('x'), cycle, 1n]) {
    await assert.rejects(h.parley.send({ body }), { name: 'ParleyError', code: 'bad_frame' })
  }
})

test('the body is taken when it is sent, not when it leaves', h => {
  h.start()
  const body = { n: 1 }
  h.parley.send({ body }).catch(() => {})
  body.n = 2
  h.accept()
  assert.deepEqual(h.socket.take()[0].body, { n: 1 })
})

test('64 KiB at most: more would end the connection for good', async h => {
  h.open()
  const frame = JSON.stringify({ type: 'send', ref: '1', body: '' })
  const fits = 65536 - frame.length
  h.parley.send({ body: 'x'.repeat(fits) }).catch(() => {})
  assert.equal(h.socket.take().length, 1)
  await assert.rejects(h.parley.send({ body: 'x'.repeat(fits + 1) }), { code: 'too_large' })
  await assert.rejects(h.parley.send({ body: '张'.repeat(22_000) }), { code: 'too_large' })
  h.parley.send({ body: '张'.repeat(21_000) }).catch(() => {})
  assert.equal(h.socket.take().length, 1)
})

test('a send waits behind a subscription: the server holds but a few frames', h => {
  h.open()
  h.parley.subscribe('news')
  h.parley.send({ topic: 'news', body: 1 }).catch(() => {})
  assert.deepEqual(h.socket.take().map(frame => frame.type), ['subscribe'])
  h.socket.receive({ type: 'subscribed', topic: 'news', ...standing(0) })
  assert.deepEqual(h.socket.take().map(frame => frame.type), ['send'])
  h.parley.subscribe('secret')
  h.parley.send({ body: 2 }).catch(() => {})
  h.socket.receive({ type: 'error', code: 'forbidden', detail: 'no' })
  assert.deepEqual(h.socket.take().map(frame => frame.type), ['subscribe', 'send'])
  h.take()
})

test('sending from a status handler comes after the subscriptions of the hello', h => {
  h.start({ topics: ['news'] })
  h.parley.on('status', ({ status }) => {
    if (status === 'open') h.parley.send({ body: 'first' }).catch(() => {})
  })
  h.accept(welcome({ channels: { 'user:42': standing(0), 'topic:news': standing(0) } }))
  assert.deepEqual(h.socket.take(), [{ type: 'send', ref: '1', body: 'first' }])
})
