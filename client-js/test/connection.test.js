import assert from 'node:assert/strict'
import { Parley } from './client.js'
import { at, Harness, message, settle, standing, test, welcome } from './harness.js'

/** @param {Harness} h */
const status = h =>
  h.take().flatMap(([event, { status, code, reason, delay }]) =>
    event === 'status' ? [[status, ...[code, reason, delay].filter(value => value !== undefined)]] : [],
  )

test('it connects at once, says hello, and is open with the welcome', h => {
  const parley = h.start()
  assert.equal(parley.status, 'connecting')
  assert.equal(h.socket.url, 'ws://host:7777/websocket/42')
  assert.deepEqual(h.socket.protocols, ['parley.v1'])
  h.socket.open()
  assert.equal(parley.status, 'connecting', 'an open socket is not an open line')
  assert.deepEqual(h.socket.take(), [{ type: 'hello' }])
  h.socket.receive(welcome())
  assert.equal(parley.status, 'open')
  const { type, ...told } = welcome()
  assert.deepEqual(h.take(), [
    ['status', { status: 'open', previous: 'connecting' }],
    ['welcome', told],
  ])
})

test('autoConnect: false waits for connect()', h => {
  const parley = h.start({ autoConnect: false })
  assert.equal(parley.status, 'idle')
  assert.equal(h.sockets.length, 0)
  h.window.fire('online')
  h.window.fire('pageshow')
  assert.equal(h.sockets.length, 0, 'no wake connects a client that was never connected')
  parley.connect()
  parley.connect()
  assert.equal(h.sockets.length, 1)
  assert.deepEqual(status(h), [['connecting']])
})

test('URLs', () => {
  const url = (base, user = '42', since) => {
    let made
    class WebSocket {
      constructor(url) {
        made = url
      }
      close() {}
    }
    new Parley(base, { user, since, WebSocket }).close()
    return made
  }
  assert.equal(url('http://host:7777'), 'ws://host:7777/websocket/42')
  assert.equal(url('https://host/'), 'wss://host/websocket/42')
  assert.equal(url('ws://host'), 'ws://host/websocket/42')
  assert.equal(url('wss://host/push/'), 'wss://host/push/websocket/42')
  assert.equal(url('http://host', 7), 'ws://host/websocket/7')
  assert.equal(url('http://host', '张 三?#%'), 'ws://host/websocket/%E5%BC%A0%20%E4%B8%89%3F%23%25')
  assert.equal(url('http://host', '42', 'now'), 'ws://host/websocket/42?since=now')
  assert.equal(url(''), 'ws://localhost:7777/websocket/42', 'outside of a page')
  assert.equal(url(undefined), 'ws://localhost:7777/websocket/42')
  assert.equal(url('http://host', 0), 'ws://host/websocket/0')
  assert.throws(() => url('ftp://host'), { name: 'TypeError', message: /localhost:7777/ })
  assert.throws(() => url('http://'), TypeError)
  assert.throws(() => url('file:///x'), TypeError)
  assert.throws(() => url('http://host', ''), { name: 'TypeError', message: /options.user/ })
  assert.throws(() => new Parley('http://host'), { name: 'TypeError', message: /options.user/ })
  globalThis.location = { href: 'https://page.example/app/index.html?x=1' }
  try {
    assert.equal(url(''), 'wss://page.example/websocket/42')
    assert.equal(url('/push'), 'wss://page.example/push/websocket/42')
  } finally {
    delete globalThis.location
  }
  globalThis.location = { href: 'file:///home/me/page.html' }
  try {
    assert.throws(() => url(''), TypeError)
  } finally {
    delete globalThis.location
  }
})

test('an option that is undefined is one that is not given', h => {
  h.start({ minDelay: undefined, topics: undefined, autoConnect: undefined, maxQueued: undefined, token: undefined })
  h.socket.end(1006)
  assert.deepEqual(status(h).at(-1), ['waiting', 1006, '', 500])
})

test('no WebSocket is told at once', h => {
  if (globalThis.WebSocket) return
  assert.throws(() => h.start({ WebSocket: undefined }), { name: 'TypeError', message: /options.WebSocket/ })
})

test('a new WebSocket that throws ends it: the next would throw too', h => {
  h.start({
    autoConnect: false,
    WebSocket: class {
      constructor() {
        throw new SyntaxError('bad protocol')
      }
    },
  })
  h.parley.connect()
  assert.deepEqual(status(h), [['connecting'], ['closed', 4000, 'SyntaxError: bad protocol']])
  assert.equal(h.clock.pending, 0)
})

test('since goes with every connection: it leaves the inbox as it is; resume beats it', h => {
  h.open({ since: 'now' })
  assert.match(h.socket.url, /\?since=now$/)
  h.socket.end(1006)
  h.clock.advance(1000)
  assert.match(h.socket.url, /\?since=now$/)
  assert.deepEqual(h.accept().resume, { 'user:42': at(0), everyone: at(0) })
})

test('back-off: full jitter that doubles, and one connection at a time', h => {
  h.start()
  h.random = 0.999999
  for (const delay of [999, 1999, 3999, 7999, 15999, 19999, 19999]) {
    h.socket.end(1006)
    assert.deepEqual(status(h).at(-1), ['waiting', 1006, '', delay])
    const before = h.sockets.length
    h.clock.advance(delay - 1)
    assert.equal(h.sockets.length, before)
    h.clock.advance(1)
    assert.equal(h.sockets.length, before + 1)
  }
  h.random = 0
  h.take()
  h.socket.end(1006)
  assert.deepEqual(status(h), [['waiting', 1006, '', 500]])
})

test('the back-off starts anew after a stable connection only', h => {
  h.random = 0.999999
  h.start()
  h.take()
  h.socket.end(1006)
  h.clock.advance(999)
  h.accept()
  h.clock.advance(4999)
  h.socket.end(1006)
  assert.deepEqual(status(h), [['waiting', 1006, '', 1999]], 'open for stableAfter - 1')
  h.clock.advance(1999)
  h.accept()
  h.clock.advance(5000)
  h.socket.end(1006)
  assert.deepEqual(status(h), [['waiting', 1006, '', 999]], 'open for stableAfter')
})

test('no welcome within connectTimeout: the attempt is given up, with its socket', h => {
  h.start()
  h.take()
  h.socket.open()
  h.socket.take()
  h.clock.advance(9999)
  assert.equal(h.parley.status, 'connecting')
  h.clock.advance(1)
  assert.deepEqual(status(h), [['waiting', 'no welcome', 500]])
  assert.equal(h.sockets[0].closed, 1000)
  h.sockets[0].receive(welcome())
  h.sockets[0].end(4008)
  assert.equal(h.parley.status, 'waiting', 'an old socket can do nothing')
})

test('a first frame that is no welcome is another server', h => {
  h.start()
  h.take()
  h.socket.open()
  h.socket.take()
  h.socket.receive(message(1))
  assert.deepEqual(status(h), [['waiting', 'no welcome', 500]])
})

test('an error before the welcome is told', h => {
  h.start()
  h.take()
  h.socket.open()
  h.socket.take()
  h.socket.receive({ type: 'error', code: 'bad_position', detail: 'x' })
  h.socket.end(4000, 'bad request')
  assert.deepEqual(h.take(), [
    ['error', { code: 'bad_position', detail: 'x' }],
    ['status', { status: 'closed', previous: 'connecting', code: 4000, reason: 'bad request' }],
  ])
})

for (const code of [4000, 4003, 4008, 1009, 4001]) {
  test(`close code ${code}: stays away, until it is told to connect`, h => {
    h.open()
    h.socket.end(code, 'because')
    assert.deepEqual(h.take(), [['status', { status: 'closed', previous: 'open', code, reason: 'because' }]])
    assert.equal(h.clock.pending, 0)
    h.window.fire('online')
    h.window.fire('visibilitychange', 'visible')
    h.clock.advance(1e9)
    assert.equal(h.sockets.length, 1)
    h.parley.connect()
    assert.equal(h.sockets.length, 2)
    assert.deepEqual(status(h), [['connecting']])
  })
}

for (const code of [4029, 4101, 4103, 4104, 4110, 4129, 1000, 1001, 1006, 1011, 1012]) {
  test(`close code ${code}: comes back`, h => {
    h.open()
    h.socket.end(code)
    assert.deepEqual(status(h), [['waiting', code, '', 500]])
    h.clock.advance(500)
    assert.equal(h.sockets.length, 2)
    h.take()
  })
}

test('reconnect {in}: comes back after that time, counted from the frame, without jitter', h => {
  h.open()
  h.random = 0.7
  h.socket.receive({ type: 'reconnect', in: 3000 })
  assert.deepEqual(h.take(), [])
  h.clock.advance(1000)
  h.socket.end(4103, 'restarting')
  assert.deepEqual(status(h), [['waiting', 4103, 'restarting', 2000]])
  h.window.fire('online')
  h.window.fire('visibilitychange', 'visible')
  h.clock.advance(1999)
  assert.equal(h.sockets.length, 1, 'a wake does not make it impatient')
  h.clock.advance(1)
  assert.equal(h.sockets.length, 2)
  h.socket.end(1006)
  assert.deepEqual(status(h), [['connecting'], ['waiting', 1006, '', 850]], 'the next wait is its own again')
})

test('reconnect {in} that is over: comes back at once; after a freeze a wake ends the wait', h => {
  h.open()
  h.socket.receive({ type: 'reconnect', in: 100 })
  h.clock.advance(200)
  h.socket.end(4103)
  assert.deepEqual(status(h), [['waiting', 4103, '', 0]])
  h.clock.advance(0)
  h.accept()
  h.socket.receive({ type: 'reconnect', in: 5000 })
  h.socket.end(4103)
  h.clock.time += 6000
  h.window.fire('pageshow')
  assert.equal(h.sockets.length, 3)
  h.take()
})

test('reconnect {in} does not bring back who was sent away', h => {
  h.open()
  h.socket.receive({ type: 'reconnect', in: 10 })
  h.socket.end(4008)
  assert.deepEqual(status(h), [['closed', 4008, '']])
})

test('a wait longer than a timer can be', h => {
  h.open()
  h.socket.receive({ type: 'reconnect', in: 2 ** 40 })
  h.socket.end(4103)
  assert.deepEqual(status(h), [['waiting', 4103, '', 2 ** 40]])
})

test('connect() in a wait does not wait', h => {
  h.open()
  h.socket.end(1006)
  h.parley.connect()
  assert.equal(h.sockets.length, 2)
  h.clock.advance(5000)
  assert.equal(h.sockets.length, 2, 'the timer of the wait is gone')
  h.take()
})

test('connect() after the server sent it away starts afresh', async h => {
  let calls = 0
  h.start({ getToken: () => `t${++calls}` })
  await settle()
  for (const wait of [500, 0]) {
    h.socket.end(4001)
    h.clock.advance(wait)
    await settle()
  }
  assert.equal(h.parley.status, 'closed')
  h.random = 0.999999
  h.parley.connect()
  await settle()
  assert.equal(h.socket.protocols[1], 'parley.token.t3', 'not with the one that was refused')
  h.take()
  h.socket.end(4001)
  assert.deepEqual(status(h), [['waiting', 4001, '', 999]], 'one more try again, after the first wait')
})

test('a wait that the server told does not outlive connect()', h => {
  h.open()
  h.socket.receive({ type: 'reconnect', in: 3_600_000 })
  h.socket.end(4103)
  h.parley.connect()
  h.socket.end(1006)
  h.window.fire('online')
  assert.equal(h.sockets.length, 3)
  h.take()
})

test('close() stays down, until connect()', async h => {
  h.open()
  h.parley.close()
  assert.deepEqual(h.take(), [['status', { status: 'closed', previous: 'open' }]])
  assert.equal(h.socket.closed, 1000)
  assert.equal(h.clock.pending, 0)
  h.socket.receive(message(1))
  h.socket.end(1006)
  h.window.fire('online')
  h.parley.close()
  h.parley.resume()
  h.parley.suspend()
  h.clock.advance(1e9)
  assert.equal(h.parley.status, 'closed')
  await assert.rejects(h.parley.send({ body: 1 }), { name: 'ParleyError', code: 'closed' })
  assert.equal(h.sockets.length, 1)
  h.parley.connect()
  assert.deepEqual(h.accept().resume, { 'user:42': at(0), everyone: at(0) }, 'it goes on where it was')
  h.window.fire('online')
  assert.deepEqual(h.socket.take(), [{ type: 'ping' }], 'wakes count again')
})

test('close() after the server sent it away', async h => {
  h.open()
  h.socket.end(4008)
  h.take()
  h.parley.close()
  assert.equal(h.parley.status, 'closed')
})

test('close() in every other state', h => {
  h.start({ autoConnect: false })
  h.parley.close()
  h.start()
  h.parley.close()
  assert.equal(h.sockets[0].closed, 1000, 'while connecting')
  h.open()
  h.socket.end(1006)
  h.parley.close()
  assert.equal(h.clock.pending, 0)
  h.clock.advance(1e6)
  assert.equal(h.sockets.length, 2)
  h.take()
})

test('suspend() drops the line and stays down; resume() goes on where it was', h => {
  h.open()
  h.socket.receive(message(3, { ack: true }))
  h.socket.take()
  h.take()
  h.parley.suspend()
  assert.deepEqual(status(h), [['suspended']])
  assert.equal(h.socket.closed, 1000)
  h.parley.suspend()
  h.window.fire('online')
  h.window.fire('pageshow')
  h.clock.advance(1e6)
  assert.equal(h.sockets.length, 1)
  assert.equal(h.clock.pending, 0)
  h.parley.resume()
  h.parley.resume()
  assert.equal(h.sockets.length, 2)
  h.socket.open()
  assert.deepEqual(h.socket.take(), [{ type: 'hello', resume: { 'user:42': at(3), everyone: at(0) } }])
  assert.deepEqual(status(h), [['connecting']])
})

test('suspend() before the first connection; resume() listens to wakes', h => {
  h.start({ autoConnect: false })
  h.parley.suspend()
  h.parley.resume()
  h.socket.end(1006)
  h.window.fire('online')
  assert.equal(h.sockets.length, 2)
  h.take()
})

test('resume() wakes nobody who was not suspended', h => {
  h.start({ autoConnect: false })
  h.parley.resume()
  assert.equal(h.parley.status, 'idle')
})

test('events of an old socket do nothing to a new one', h => {
  h.open()
  const [old] = h.sockets
  const { onopen, onmessage, onclose } = old
  h.parley.suspend()
  h.parley.resume()
  h.accept()
  assert.ok(old.onopen !== onopen && old.onmessage !== onmessage && old.onclose !== onclose, 'detached')
  onopen({})
  onmessage({ data: JSON.stringify(message(9)) })
  onmessage({ data: JSON.stringify(welcome({ session: 'old' })) })
  onclose({ code: 4008, reason: '' })
  old.onerror?.({})
  assert.deepEqual(h.take(), [])
  assert.equal(h.parley.status, 'open')
  assert.deepEqual(old.take(), [])
})

test('a socket error alone decides nothing: the close does', h => {
  h.open()
  h.socket.onerror({})
  assert.equal(h.parley.status, 'open')
})

// --- the watchdog

test('silence of heartbeat + 10 s: the socket is replaced without waiting for its close', h => {
  h.open()
  h.clock.advance(34_999)
  assert.equal(h.parley.status, 'open')
  h.clock.advance(1)
  assert.deepEqual(h.take(), [
    ['status', { status: 'connecting', previous: 'open', code: undefined, reason: 'silent' }],
  ])
  assert.equal(h.sockets.length, 2)
  assert.equal(h.sockets[0].closed, 1000)
  h.sockets[0].end(1006)
  assert.equal(h.sockets.length, 2)
})

test('any frame counts as a sign of life', h => {
  h.open({}, { frame: welcome({ heartbeat: 5 }) })
  for (const frame of [{ type: 'ping' }, { type: 'pong' }, { type: 'later' }, 'no frame']) {
    h.clock.advance(14_999)
    h.socket.receive(frame)
  }
  assert.deepEqual(h.names(), ['error'])
  h.clock.advance(14_999)
  assert.equal(h.parley.status, 'open')
  h.clock.advance(1)
  assert.equal(h.parley.status, 'connecting')
  h.take()
})

test('a timer that comes late is no dead line: it asks, and waits 5 s', h => {
  h.open()
  h.clock.freeze(3_600_000)
  assert.equal(h.parley.status, 'open')
  assert.deepEqual(h.socket.take(), [{ type: 'ping' }])
  h.clock.advance(4_999)
  assert.equal(h.parley.status, 'open')
  h.socket.receive({ type: 'pong' })
  h.clock.advance(34_999)
  assert.equal(h.parley.status, 'open', 'the usual silence counts again')
  assert.deepEqual(h.socket.take(), [])
  h.clock.advance(1)
  assert.equal(h.parley.status, 'connecting')
  h.take()
})

test('a late timer and no answer to the question: dead', h => {
  h.open()
  h.clock.freeze(60_000)
  h.socket.take()
  h.clock.advance(5_000)
  assert.deepEqual(status(h), [['connecting', 'silent']])
})

test('frozen again during the question: asks again', h => {
  h.open()
  h.clock.freeze(60_000)
  h.socket.take()
  h.clock.freeze(60_000)
  assert.equal(h.parley.status, 'open')
  assert.deepEqual(h.socket.take(), [{ type: 'ping' }])
  h.clock.advance(5_000)
  assert.equal(h.parley.status, 'connecting')
  h.take()
})

for (const [type, state] of [['online'], ['pageshow'], ['visibilitychange', 'visible']]) {
  test(`${type} asks an open line for a sign of life, once`, h => {
    h.open()
    h.clock.advance(1000)
    h.window.fire(type, state)
    assert.deepEqual(h.socket.take(), [{ type: 'ping' }])
    h.clock.advance(4000)
    h.window.fire(type, state)
    assert.deepEqual(h.socket.take(), [], 'a question is under way')
    h.clock.advance(999)
    assert.equal(h.parley.status, 'open')
    h.clock.advance(1)
    assert.equal(h.parley.status, 'connecting')
    assert.equal(h.sockets.length, 2)
    h.take()
  })

  test(`${type} ends a wait`, h => {
    h.open()
    h.socket.end(1006)
    h.window.fire(type, state)
    assert.equal(h.sockets.length, 2)
    h.window.fire(type, state)
    h.clock.advance(9000)
    assert.equal(h.sockets.length, 2, 'an attempt is under way')
    h.take()
  })
}

test('becoming hidden is no wake', h => {
  h.open()
  h.window.fire('visibilitychange', 'hidden')
  assert.deepEqual(h.socket.take(), [])
  h.socket.end(1006)
  h.window.fire('visibilitychange', 'hidden')
  assert.equal(h.sockets.length, 1)
  h.take()
})

test('a clock that is set back does not switch the watchdog off', h => {
  h.open()
  h.clock.skew = -3_600_000
  h.clock.advance(35_000)
  assert.deepEqual(h.socket.take(), [{ type: 'ping' }], 'time stamps mean nothing now: it asks')
  h.clock.advance(4_999)
  assert.equal(h.parley.status, 'open')
  h.clock.advance(1)
  assert.equal(h.parley.status, 'connecting')
  h.take()
})

test('a clock that is set back, and a line that lives', h => {
  h.open()
  h.clock.skew = -3_600_000
  h.clock.advance(35_000)
  h.socket.take()
  h.socket.receive({ type: 'pong' })
  h.clock.advance(34_999)
  assert.equal(h.parley.status, 'open')
  h.clock.advance(1)
  assert.equal(h.parley.status, 'connecting')
  h.take()
})

test('a clock that is set back during a question does not make it endless', h => {
  h.open()
  h.window.fire('online')
  h.clock.skew = -3_600_000
  h.clock.advance(5_000)
  assert.deepEqual(h.socket.take(), [{ type: 'ping' }, { type: 'ping' }])
  h.clock.advance(5_000)
  assert.equal(h.parley.status, 'connecting')
  h.take()
})

test('a clock that is set forward kills no line', h => {
  h.open()
  h.clock.advance(10_000)
  h.clock.skew = 3_600_000
  h.clock.advance(25_000)
  assert.equal(h.parley.status, 'open')
  assert.deepEqual(h.socket.take(), [{ type: 'ping' }])
  h.socket.receive({ type: 'pong' })
  h.clock.advance(34_999)
  assert.equal(h.parley.status, 'open')
})

test('pagehide lets the line go, pageshow brings it back with the position', h => {
  h.open()
  h.socket.receive(message(1))
  h.take()
  h.window.fire('pagehide')
  assert.deepEqual(h.sockets[0].take(), [{ type: 'ack', channel: 'user:42', position: at(1) }], 'acks leave before')
  assert.equal(h.sockets[0].closed, 1000)
  assert.deepEqual(status(h), [['waiting', 'the page was left', 500]])
  h.window.fire('pagehide')
  h.clock.time += 600_000
  h.window.fire('pageshow')
  h.socket.open()
  assert.deepEqual(h.socket.take()[0].resume, { 'user:42': at(1), everyone: at(0) })
  assert.equal(h.sockets.length, 2)
  h.take()
})

test('a page that lives on after pagehide comes back by itself', h => {
  h.open()
  h.window.fire('pagehide')
  h.clock.advance(500)
  assert.equal(h.sockets.length, 2)
  h.take()
})

test('pagehide of a client that is suspended changes nothing', h => {
  h.open()
  h.parley.suspend()
  h.take()
  h.window.fire('pagehide')
  assert.equal(h.parley.status, 'suspended')
})

// --- tokens

test('a token goes as a subprotocol', h => {
  h.start({ token: 'a.b.c' })
  assert.deepEqual(h.socket.protocols, ['parley.v1', 'parley.token.a.b.c'])
  h.take()
})

test('4001 with a token alone: stays away', h => {
  h.start({ token: 'a.b.c' })
  h.take()
  h.socket.end(4001)
  assert.deepEqual(status(h), [['closed', 4001, '']])
})

test('getToken: asked once, kept over reconnects', async h => {
  let calls = 0
  h.start({ getToken: async () => `t${++calls}` })
  assert.equal(h.sockets.length, 0)
  assert.equal(h.parley.status, 'connecting')
  await settle()
  assert.deepEqual(h.socket.protocols, ['parley.v1', 'parley.token.t1'])
  h.accept()
  h.socket.end(1006)
  h.clock.advance(500)
  assert.deepEqual(h.socket.protocols, ['parley.v1', 'parley.token.t1'])
  assert.equal(calls, 1)
  h.take()
})

test('a token given is used before getToken is asked', h => {
  h.start({ token: 'first', getToken: () => assert.fail('asked') })
  assert.deepEqual(h.socket.protocols, ['parley.v1', 'parley.token.first'])
  h.take()
})

test('4001 with getToken: one more try, with a fresh token', async h => {
  let calls = 0
  h.start({ token: 'old', getToken: () => `t${++calls}` })
  h.socket.end(4001)
  h.take()
  h.clock.advance(500)
  await settle()
  assert.deepEqual(h.socket.protocols, ['parley.v1', 'parley.token.t1'])
  h.socket.end(4001, 'no')
  assert.deepEqual(status(h), [['connecting'], ['closed', 4001, 'no']])
  assert.equal(calls, 1)
})

test('4001 is forgiven again after a welcome', async h => {
  let calls = 0
  h.start({ getToken: () => `t${++calls}` })
  await settle()
  for (let round = 1; round <= 3; round++) {
    h.accept()
    h.clock.advance(5000)
    h.socket.end(4001)
    h.clock.advance(500)
    await settle()
    assert.deepEqual(h.socket.protocols[1], `parley.token.t${round + 1}`)
  }
  h.take()
})

test('4001, 1006, 4001: the second refusal is the last, whatever came between', async h => {
  let calls = 0
  h.start({ getToken: () => `t${++calls}` })
  await settle()
  for (const code of [4001, 1006]) {
    h.socket.end(code)
    h.clock.advance(2000)
    await settle()
  }
  h.socket.end(4001)
  assert.equal(h.parley.status, 'closed')
  assert.equal(calls, 2)
  h.take()
})

test('4110: comes back with a fresh token', async h => {
  let calls = 0
  h.start({ getToken: () => `t${++calls}` })
  await settle()
  h.accept()
  h.socket.end(4110, 'token expired')
  assert.deepEqual(status(h), [['waiting', 4110, 'token expired', 500]])
  h.clock.advance(500)
  await settle()
  assert.deepEqual(h.socket.protocols, ['parley.v1', 'parley.token.t2'])
  h.take()
})

test('4110 with a token alone: comes back with the same', h => {
  h.start({ token: 'a.b.c' })
  h.accept()
  h.socket.end(4110)
  h.clock.advance(500)
  assert.deepEqual(h.socket.protocols, ['parley.v1', 'parley.token.a.b.c'])
  h.take()
})

test('getToken that fails: told, and tried again later', async h => {
  let calls = 0
  h.start({
    getToken: () => {
      if (++calls === 1) throw new Error('no network')
      return 't'
    },
  })
  await settle()
  const [, [, fault], [, change]] = [null, ...h.take()]
  assert.equal(fault.code, 'token')
  assert.equal(fault.cause.message, 'no network')
  assert.deepEqual([change.status, change.delay], ['waiting', 500])
  h.clock.advance(500)
  await settle()
  assert.equal(h.socket.protocols[1], 'parley.token.t')
  h.take()
})

test('a token that comes too late opens nothing', async h => {
  let give
  h.start({ getToken: () => new Promise(resolve => (give = resolve)) })
  h.clock.advance(10_000)
  assert.equal(h.parley.status, 'waiting')
  h.parley.suspend()
  give('late')
  await settle()
  assert.equal(h.sockets.length, 0)
  h.take()
})

test('getToken that fails after close() says nothing', async h => {
  let fail
  h.start({ getToken: () => new Promise((_, reject) => (fail = reject)) })
  h.parley.close()
  h.take()
  fail(new Error('late'))
  await settle()
  assert.deepEqual(h.take(), [])
})

// --- handlers that interfere

test('a status handler that closes at the welcome: nothing follows', h => {
  h.start()
  h.parley.on('status', ({ status }) => {
    if (status === 'open') h.parley.close()
  })
  h.socket.open()
  h.socket.take()
  h.socket.receive(welcome())
  assert.deepEqual(h.names(), ['open', 'closed'])
})

test('a status handler that connects again at once: everybody sees the changes in order', h => {
  h.start({}, { silent: ['status'] })
  const seen = []
  h.parley.on('status', ({ status }) => {
    seen.push(`a ${status}`)
    if (status === 'waiting') h.parley.connect()
  })
  h.parley.on('status', ({ status, previous }) => seen.push(`b ${previous}>${status}`))
  h.socket.end(1006)
  assert.deepEqual(seen, ['a waiting', 'b connecting>waiting', 'a connecting', 'b waiting>connecting'])
  assert.equal(h.sockets.length, 2)
})

test('a connecting handler that suspends: no socket is opened', h => {
  h.start({ autoConnect: false })
  h.parley.on('status', ({ status }) => {
    if (status === 'connecting') h.parley.suspend()
  })
  h.parley.connect()
  assert.equal(h.sockets.length, 0)
  assert.equal(h.clock.pending, 0)
  assert.deepEqual(h.names(), ['connecting', 'suspended'])
})

test('a message handler that suspends and resumes: what the old socket still has is not taken', h => {
  h.open()
  const off = h.parley.on('message', () => {
    off()
    h.parley.suspend()
    h.parley.resume()
  })
  h.sockets[0].receive(message(1, { ack: true }))
  h.sockets[0].receive(message(2))
  assert.deepEqual(h.names(), ['m1', 'suspended', 'connecting'])
  h.accept(welcome({ channels: { 'user:42': standing(1), everyone: standing(0) } }))
  assert.deepEqual(h.socket.take(), [{ type: 'ack', channel: 'user:42', position: at(1) }])
})
