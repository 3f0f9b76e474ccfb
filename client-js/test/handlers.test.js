import assert from 'node:assert/strict'
import { at, message, settle, test, welcome } from './harness.js'

const ask = (id, body, flag) => ({ type: 'ask', ask: id, body, flag })

/** What console.error was told while `run` ran. */
async function errors(context, run) {
  const spy = context.mock.method(console, 'error', () => {})
  await run()
  await settle()
  spy.mock.restore()
  return spy.mock.calls.map(call => call.arguments)
}

test('on returns its off; the same function may be registered twice', h => {
  h.open({}, { silent: ['message'] })
  let calls = 0
  const count = () => void calls++
  const offs = [h.parley.on('message', count), h.parley.on('message', count)]
  h.socket.receive(message(1))
  assert.equal(calls, 2)
  offs[0]()
  offs[0]()
  h.socket.receive(message(2))
  assert.equal(calls, 3)
  offs[1]()
  h.socket.receive(message(3))
  assert.equal(calls, 3)
  h.clock.advance(100)
  h.socket.take()
})

test('a handler that takes itself and others off during a message', h => {
  h.open({}, { silent: ['message'] })
  const seen = []
  const offs = [1, 2, 3].map(n =>
    h.parley.on('message', () => {
      seen.push(n)
      for (const off of offs) off()
    }),
  )
  h.socket.receive(message(1))
  h.socket.receive(message(2))
  assert.deepEqual(seen, [1, 2, 3], 'who was there when it came hears it; nobody hears the next')
  h.clock.advance(100)
  h.socket.take()
})

test('messages by flag', h => {
  h.open()
  const seen = []
  h.parley.on('flag:command', ({ body }) => void seen.push(`command ${body}`))
  h.parley.on('flag:通知', ({ body }) => void seen.push(`notice ${body}`))
  h.parley.on('flag:a:b', ({ body }) => void seen.push(`ab ${body}`))
  h.parley.on('flag:undefined', () => void seen.push('no flag is not a flag'))
  for (const [i, flag] of ['command', '通知', 'a:b', 'other', undefined, 'message'].entries()) {
    h.socket.receive(message(i + 1, { flag }))
  }
  assert.deepEqual(seen, ['command m1', 'notice m2', 'ab m3'])
  assert.equal(h.take().length, 6, 'on(message) hears all of them')
  h.clock.advance(100)
  h.socket.take()
})

test('every kind of handler may fail', async h => {
  h.start()
  h.take()
  for (const event of ['status', 'welcome', 'gap', 'message', 'flag:x']) {
    h.parley.on(event, () => {
      throw new Error(event)
    })
    h.parley.on(event, async () => {
      throw new Error(`async ${event}`)
    })
  }
  h.parley.subscribe('t', () => {
    throw new Error('topic')
  })
  h.socket.open()
  h.socket.take()
  const t = { position: at(0), newest: at(0), recovered: false, missed: 1 }
  h.socket.receive(welcome({ channels: { 'topic:t': t } }))
  h.socket.receive(message(1, { channel: 'topic:t', flag: 'x', ack: true }))
  await settle()
  assert.equal(h.parley.status, 'open')
  assert.deepEqual(h.socket.take(), [{ type: 'ack', channel: 'topic:t', position: at(1), failed: [at(1)] }])
  const faults = h.take().flatMap(([event, fault]) => (event === 'error' ? [[fault.code, fault.cause.message]] : []))
  assert.deepEqual(
    faults.map(([code]) => code),
    Array(11).fill('handler'),
  )
  assert.deepEqual(
    faults.map(([, text]) => text).sort(),
    ['topic', ...['status', 'welcome', 'gap', 'message', 'flag:x'].flatMap(event => [event, `async ${event}`])].sort(),
  )
})

test('whatever is thrown breaks nothing', async h => {
  h.open()
  const thrown = [undefined, null, 'text', 7, Symbol('x'), Object.create(null), { then: 1 }]
  h.parley.on('message', ({ body }) => {
    throw thrown[body]
  })
  for (const i of thrown.keys()) h.socket.receive(message(i + 1, { body: i }))
  const faults = h.take().flatMap(([event, fault]) => (event === 'error' ? [fault] : []))
  assert.deepEqual(faults, thrown.map(cause => ({ code: 'handler', detail: 'a handler failed', cause })))
  h.clock.advance(100)
  assert.equal(h.socket.take()[0].failed.length, thrown.length)
})

test('a thenable is waited for, another `then` is a value', async h => {
  h.open()
  h.parley.on('message', ({ body }) => ({ then: body === 'm1' ? resolve => setImmediate(resolve) : 'no function' }))
  h.socket.receive(message(1, { ack: true }))
  assert.deepEqual(h.socket.take(), [])
  await settle()
  await settle()
  assert.equal(h.socket.take()[0].position, at(1))
  h.socket.receive(message(2, { ack: true }))
  await settle()
  assert.deepEqual(h.socket.take().map(({ position, failed }) => [position, failed]), [[at(2), undefined]])
  h.take()
})

test('an error that nobody listens to goes to the console', async (h, context) => {
  h.open({}, { silent: ['error'] })
  const told = await errors(context, () => {
    h.socket.receive({ type: 'error', code: 'bad_ack', detail: 'x' })
    h.socket.receive('[]')
    h.socket.receive({ type: 'gap', position: { toString: 1 } })
  })
  assert.deepEqual(
    told.map(([, code, detail]) => `${code}: ${detail}`),
    [
      'bad_ack: x',
      'bad_frame: Error: no frame',
      'bad_frame: TypeError: Cannot convert object to primitive value',
    ],
  )
})

test('an error that a promise tells does not go to the console', async (h, context) => {
  h.open({}, { silent: ['error'] })
  const told = await errors(context, () => {
    h.parley.send({ body: 1 }).catch(() => {})
    h.socket.take()
    h.socket.receive({ type: 'error', ref: '1', code: 'too_large', detail: 'x' })
  })
  assert.deepEqual(told, [])
})

test('an error handler that fails goes to the console, not round in circles', async (h, context) => {
  h.open({}, { silent: ['error'] })
  h.parley.on('error', () => {
    throw new Error('sync')
  })
  h.parley.on('error', async () => {
    throw new Error('async')
  })
  const told = await errors(context, () => h.socket.receive({ type: 'error', code: 'bad_ack', detail: 'x' }))
  assert.deepEqual(
    told.map(([, , , cause]) => cause.message),
    ['sync', 'async'],
  )
})

// --- ask

test('ask: what the handler returns is the reply', async h => {
  h.open()
  const asked = []
  h.parley.on('ask', question => {
    asked.push(question)
    return { version: 3 }
  })
  h.socket.receive(ask('a1', { want: 'version' }, 'command'))
  await settle()
  assert.deepEqual(asked, [{ body: { want: 'version' }, flag: 'command' }])
  assert.deepEqual(h.socket.take(), [{ type: 'reply', ask: 'a1', body: { version: 3 } }])
})

test('ask: promises, null and false are replies, undefined is none', async h => {
  h.open()
  const values = [Promise.resolve('later'), null, false, '', undefined]
  h.parley.on('ask', ({ body }) => values[body])
  for (const i of values.keys()) h.socket.receive(ask(`a${i}`, i))
  await settle()
  assert.deepEqual(
    h.socket.take().map(({ ask, body }) => [ask, body]).sort(),
    [['a0', 'later'], ['a1', null], ['a2', false], ['a3', '']],
  )
})

test('ask: several handlers, the first reply counts', async h => {
  h.open()
  h.parley.on('ask', () => {})
  h.parley.on('ask', () => new Promise(resolve => setImmediate(resolve, 'slow')))
  h.parley.on('ask', () => 'quick')
  h.socket.receive(ask('a1', 1))
  await settle()
  await settle()
  assert.deepEqual(h.socket.take(), [{ type: 'reply', ask: 'a1', body: 'quick' }])
})

test('ask: no handler, no reply', async h => {
  h.open()
  h.socket.receive(ask('a1', 1))
  await settle()
})

test('ask: a handler that fails is told, another one may still answer', async h => {
  h.open()
  h.parley.on('ask', () => {
    throw new Error('broken')
  })
  h.parley.on('ask', () => 'fine')
  h.socket.receive(ask('a1', 1))
  await settle()
  assert.deepEqual(h.names(), ['error'])
  assert.deepEqual(h.socket.take(), [{ type: 'reply', ask: 'a1', body: 'fine' }])
})

test('ask: a reply that is too large or no JSON is told, and not sent', async h => {
  h.open()
  h.parley.on('ask', ({ body }) => (body ? 'x'.repeat(70_000) : 1n))
  h.socket.receive(ask('a1', true))
  h.socket.receive(ask('a2', false))
  await settle()
  const causes = h.take().map(([, fault]) => [fault.code, fault.cause.code])
  assert.deepEqual(causes, [['handler', 'too_large'], ['handler', 'bad_frame']])
})

test('ask: a reply that comes after a reconnect is not sent', async h => {
  h.open()
  let answer
  h.parley.on('ask', () => new Promise(resolve => (answer = resolve)))
  h.socket.receive(ask('a1', 1))
  h.socket.end(1006)
  h.clock.advance(500)
  h.accept(welcome({ session: 's2' }))
  answer('late')
  await settle()
  assert.deepEqual(h.socket.take(), [])
  h.take()
})
