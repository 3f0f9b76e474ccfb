import assert from 'node:assert/strict'
import { at, message, standing, test, welcome } from './harness.js'

const subscribed = (topic, offset = 0, more = {}) => ({ type: 'subscribed', topic, ...standing(offset), ...more })
const news = (offset, more) => message(offset, { channel: 'topic:news', body: `n${offset}`, ...more })
/** @param {string[]} topics */
const welcomeWith = (...topics) =>
  welcome({
    channels: { 'user:42': standing(0), ...Object.fromEntries(topics.map(topic => [`topic:${topic}`, standing(0)])) },
  })

test('offline a subscription is only recorded; hello asks for it', h => {
  h.start({ topics: ['a', 'b'] })
  h.parley.subscribe('news')
  h.parley.subscribe('b')
  const c = h.parley.subscribe('c')
  c.unsubscribe()
  assert.deepEqual(h.accept(welcomeWith('a', 'b', 'news')), { type: 'hello', topics: ['a', 'b', 'news'] })
  assert.deepEqual(h.socket.take(), [], 'nothing is left to ask')
})

test('several handlers share one subscription on the wire', h => {
  h.open({}, { silent: ['message'] })
  const seen = []
  const first = h.parley.subscribe('news', ({ body }) => void seen.push(`first ${body}`))
  const second = h.parley.subscribe('news', ({ body }) => void seen.push(`second ${body}`))
  assert.equal(first.topic, 'news')
  assert.deepEqual(h.socket.take(), [{ type: 'subscribe', topic: 'news' }])
  h.socket.receive(subscribed('news', 4))
  h.socket.receive(news(5))
  assert.deepEqual(seen.splice(0), ['first n5', 'second n5'])
  first.unsubscribe()
  first.unsubscribe()
  assert.deepEqual(h.socket.take(), [])
  h.socket.receive(news(5))
  assert.deepEqual(seen, [], 'where it stands is not forgotten')
  h.socket.receive(news(6))
  assert.deepEqual(seen.splice(0), ['second n6'])
  second.unsubscribe()
  assert.deepEqual(h.socket.take(), [{ type: 'unsubscribe', topic: 'news' }])
})

test('messages of a topic reach on(message) and on(flag) too, others not its handler', h => {
  h.open({ topics: ['news'] }, { frame: welcomeWith('news') })
  const seen = []
  h.parley.subscribe('news', ({ body }) => void seen.push(`topic ${body}`))
  h.parley.on('flag:inform', ({ body }) => void seen.push(`flag ${body}`))
  h.socket.receive(news(1, { flag: 'inform' }))
  h.socket.receive(message(1, { flag: 'other' }))
  assert.deepEqual(seen, ['flag n1', 'topic n1'])
  assert.deepEqual(h.names(), ['n1', 'm1'])
  h.clock.advance(100)
  h.socket.take()
})

test('a topic resumes where it was; a new one is asked for beside it', h => {
  h.open({ topics: ['news'] }, { frame: welcomeWith('news') })
  h.socket.receive(news(3))
  h.socket.end(1006)
  h.parley.subscribe('later')
  h.clock.advance(500)
  assert.deepEqual(h.accept(welcomeWith('news', 'later')), {
    type: 'hello',
    resume: { 'user:42': at(0), 'topic:news': at(3) },
    topics: ['later'],
  })
  assert.deepEqual(h.socket.take(), [], 'standing(0) told less than 3')
  h.take()
})

test('the position of subscribed is known, and what it missed is a gap', h => {
  h.open()
  h.parley.subscribe('news')
  h.socket.take()
  h.socket.receive(subscribed('news', 7, { newest: at(8), missed: 2 }))
  assert.deepEqual(h.take(), [['gap', { channel: 'topic:news', missed: 2, position: at(7) }]])
  h.socket.receive(news(7))
  h.socket.receive(news(8))
  h.socket.receive(news(9))
  assert.deepEqual(h.take().map(([, { body, recovered }]) => [body, recovered]), [['n8', true], ['n9', false]])
  h.socket.end(1006)
  h.clock.advance(500)
  assert.equal(h.accept(welcomeWith('news')).resume['topic:news'], at(9))
  h.take()
})

test('unsubscribe forgets: no ack, no late message, no position', h => {
  h.open()
  const sub = h.parley.subscribe('news', () => {})
  h.socket.take()
  h.socket.receive(subscribed('news', 4))
  h.socket.receive(news(5))
  assert.deepEqual(h.names(), ['n5'])
  sub.unsubscribe()
  assert.deepEqual(h.socket.take(), [{ type: 'unsubscribe', topic: 'news' }])
  h.socket.receive(news(6, { ack: true }))
  h.clock.advance(1000)
  assert.deepEqual(h.names(), [], 'on its way when we left')
  h.socket.receive({ type: 'unsubscribed', topic: 'news' })
  h.parley.subscribe('news')
  assert.deepEqual(h.socket.take(), [{ type: 'subscribe', topic: 'news' }], 'from now on')
})

test('what still comes of a topic that is given up leaves no position behind', h => {
  h.open()
  const sub = h.parley.subscribe('news')
  sub.unsubscribe()
  assert.deepEqual(h.socket.take().map(frame => frame.type), ['subscribe', 'unsubscribe'])
  h.socket.receive(subscribed('news', 4, { missed: 2 }))
  h.socket.receive({ type: 'gap', channel: 'topic:news', missed: 1, position: at(5) })
  h.socket.receive({ type: 'unsubscribed', topic: 'news' })
  h.parley.subscribe('news')
  assert.deepEqual(h.socket.take(), [{ type: 'subscribe', topic: 'news' }])
})

test('unsubscribe and subscribe again in one breath', h => {
  h.open()
  const sub = h.parley.subscribe('news')
  h.socket.receive(subscribed('news', 4))
  h.socket.take()
  sub.unsubscribe()
  h.parley.subscribe('news')
  assert.deepEqual(h.socket.take(), [{ type: 'unsubscribe', topic: 'news' }, { type: 'subscribe', topic: 'news' }])
  h.socket.receive(news(5))
  h.socket.receive({ type: 'unsubscribed', topic: 'news' })
  h.socket.receive(subscribed('news', 5))
  h.socket.receive(news(6))
  assert.deepEqual(h.names(), ['n6'])
  h.clock.advance(100)
  assert.deepEqual(h.socket.take(), [{ type: 'ack', channel: 'topic:news', position: at(6) }])
})

test('a topic that changed its mind between hello and welcome', h => {
  h.start()
  const a = h.parley.subscribe('a')
  h.socket.open()
  assert.deepEqual(h.socket.take(), [{ type: 'hello', topics: ['a'] }])
  a.unsubscribe()
  h.parley.subscribe('b')
  assert.deepEqual(h.socket.take(), [])
  h.socket.receive(welcomeWith('a'))
  assert.deepEqual(h.socket.take(), [{ type: 'unsubscribe', topic: 'a' }, { type: 'subscribe', topic: 'b' }])
  h.take()
})

test('a topic that the welcome does not grant is asked for at the next connection', h => {
  h.start({ topics: ['secret'] })
  h.accept(welcomeWith())
  h.parley.subscribe('open')
  assert.deepEqual(h.socket.take(), [{ type: 'subscribe', topic: 'open' }])
  h.socket.end(1006)
  h.clock.advance(500)
  assert.deepEqual(h.accept(welcomeWith('secret', 'open')).topics, ['secret', 'open'])
})

test('and the application is told, each time; not of what it asked for meanwhile', h => {
  h.start({ topics: ['secret', 'news'] })
  h.parley.on('status', ({ status }) => status === 'open' && h.parley.subscribe('meanwhile'))
  for (let i = 0; i < 2; i++) {
    h.socket.open()
    h.socket.take()
    h.socket.receive(welcomeWith('news'))
    assert.deepEqual(h.take().filter(([event]) => event === 'error').map(([, { code, topic }]) => [code, topic]),
      [['forbidden', 'secret'], ...i ? [['forbidden', 'meanwhile']] : []])
    h.socket.take()
    h.socket.end(1006)
    h.clock.advance(5000)
    h.take()
  }
})

test('an error with a ref is no answer to a subscription', h => {
  h.open()
  h.parley.send({ body: 1 }).catch(() => {})
  h.parley.subscribe('news')
  h.parley.send({ body: 2 }).catch(() => {})
  assert.deepEqual(h.socket.take().map(frame => frame.type), ['send', 'subscribe'])
  h.socket.receive({ type: 'error', ref: '1', code: 'unavailable', detail: 'x' })
  assert.equal(h.take()[0][1].topic, undefined)
  assert.deepEqual(h.socket.take(), [], 'the subscription is still under way')
  h.socket.receive(subscribed('news'))
  assert.deepEqual(h.socket.take().map(frame => frame.type), ['send'])
})

test('an error answers the oldest operation, and is not repeated on this connection', h => {
  h.open()
  h.parley.subscribe('secret')
  h.parley.subscribe('news')
  h.socket.take()
  h.socket.receive({ type: 'error', code: 'forbidden', detail: 'no' })
  assert.deepEqual(h.take(), [['error', { code: 'forbidden', detail: 'no', topic: 'secret' }]])
  h.socket.receive(subscribed('news'))
  assert.deepEqual(h.socket.take(), [])
  h.parley.subscribe('secret')
  assert.deepEqual(h.socket.take(), [], 'still refused')
})

test('a refused topic is in no hello, which would be refused as a whole; it is asked for after it', h => {
  h.open()
  h.parley.subscribe('a/b')
  h.socket.take()
  h.socket.receive({ type: 'error', code: 'bad_topic', detail: 'no /' })
  h.take()
  for (const code of [1006, 1006]) {
    h.socket.end(code)
    h.clock.advance(2000)
    assert.deepEqual(h.accept(), { type: 'hello', resume: { 'user:42': at(0), everyone: at(0) } })
    assert.deepEqual(h.socket.take(), [{ type: 'subscribe', topic: 'a/b' }])
    h.take()
  }
  h.socket.receive(subscribed('a/b'))
  h.socket.end(1006)
  h.clock.advance(5000)
  assert.equal(h.accept(welcomeWith('a/b')).resume['topic:a/b'], at(0), 'granted after all')
  h.take()
})

test('a refused topic is asked for again when it was given up and is wanted anew', h => {
  h.open()
  const secret = h.parley.subscribe('secret')
  h.socket.take()
  h.socket.receive({ type: 'error', code: 'forbidden', detail: 'no' })
  h.take()
  secret.unsubscribe()
  h.parley.subscribe('secret')
  assert.deepEqual(h.socket.take(), [{ type: 'unsubscribe', topic: 'secret' }, { type: 'subscribe', topic: 'secret' }])
  h.socket.receive({ type: 'error', code: 'not_subscribed', detail: 'secret' })
  assert.deepEqual(h.take(), [], 'that is no news')
  h.socket.receive({ type: 'error', code: 'forbidden', detail: 'no' })
  assert.deepEqual(h.take(), [['error', { code: 'forbidden', detail: 'no', topic: 'secret' }]])
})

test('bad_ack is no answer to a subscription', h => {
  h.open()
  h.parley.subscribe('news')
  h.socket.take()
  h.socket.receive({ type: 'error', code: 'bad_ack', detail: 'x' })
  assert.equal(h.take()[0][1].topic, undefined)
  h.socket.receive(subscribed('news'))
  h.socket.receive(news(1))
  assert.deepEqual(h.names(), ['n1'])
  h.clock.advance(100)
  h.socket.take()
})

test('an answer that comes after all counts, whatever an error before it meant', h => {
  h.open()
  const sub = h.parley.subscribe('news')
  h.socket.take()
  h.socket.receive({ type: 'error', code: 'unavailable', detail: 'something else' })
  h.take()
  h.socket.receive(subscribed('news'))
  sub.unsubscribe()
  assert.deepEqual(h.socket.take(), [{ type: 'unsubscribe', topic: 'news' }])
})

test('the server ends a subscription by itself: not asked for again on this connection', h => {
  h.open({ topics: ['news'] }, { frame: welcomeWith('news') })
  h.socket.receive({ type: 'unsubscribed', topic: 'news' })
  assert.deepEqual(h.socket.take(), [])
  h.socket.end(1006)
  h.clock.advance(500)
  assert.equal(h.accept(welcomeWith('news')).resume['topic:news'], at(0))
  h.take()
})

test('no more than 16 operations are under way', h => {
  h.open()
  for (let i = 1; i <= 40; i++) h.parley.subscribe(`t${i}`)
  assert.equal(h.socket.take().length, 16)
  for (let i = 1; i <= 10; i++) h.socket.receive(subscribed(`t${i}`))
  assert.deepEqual(h.socket.take().map(frame => frame.topic), Array.from({ length: 10 }, (_, i) => `t${17 + i}`))
  for (let i = 11; i <= 40; i++) h.socket.receive(subscribed(`t${i}`))
  assert.equal(h.socket.take().length, 14)
})

test('what still comes of a topic whose unsubscribe has to wait is not taken, and leaves no position', h => {
  h.open()
  const topics = Array.from({ length: 17 }, (_, i) => `t${i + 1}`)
  const subs = topics.map(topic => h.parley.subscribe(topic))
  for (const topic of topics) h.socket.receive(subscribed(topic))
  h.socket.take()
  for (const sub of subs) sub.unsubscribe()
  assert.equal(h.socket.take().length, 16)
  h.socket.receive(message(5, { channel: 'topic:t17' }))
  assert.deepEqual(h.names(), [])
  for (const topic of topics) h.socket.receive({ type: 'unsubscribed', topic })
  assert.deepEqual(h.socket.take(), [{ type: 'unsubscribe', topic: 't17' }])
  h.parley.subscribe('t17')
  assert.deepEqual(h.socket.take(), [{ type: 'subscribe', topic: 't17' }], 'from now on')
})

test('a subscription on a line that just closes is asked for on the next', h => {
  h.open()
  h.socket.readyState = 2
  h.parley.subscribe('news')
  h.socket.end(1006)
  h.clock.advance(500)
  assert.deepEqual(h.accept(welcomeWith('news')).topics, ['news'])
  h.take()
})

test('an operation that died with its line is no longer waited for', async h => {
  h.open()
  h.parley.subscribe('news')
  h.socket.take()
  h.socket.end(1006)
  h.clock.advance(500)
  h.accept(welcomeWith('news'))
  h.parley.send({ body: 1 }).catch(() => {})
  assert.equal(h.socket.take()[0].type, 'send')
  h.take()
})

test('topic names are normalised, as the server does', h => {
  h.open({}, { silent: ['message'] })
  const seen = []
  const sub = h.parley.subscribe('me\u0301te\u0301o', ({ body }) => void seen.push(body))
  assert.equal(sub.topic, 'm\u00e9t\u00e9o')
  assert.deepEqual(h.socket.take(), [{ type: 'subscribe', topic: 'm\u00e9t\u00e9o' }])
  h.socket.receive(subscribed('m\u00e9t\u00e9o'))
  h.socket.receive(message(1, { channel: 'topic:m\u00e9t\u00e9o' }))
  assert.deepEqual(seen, ['m1'])
  h.clock.advance(100)
  h.socket.take()
})

test('misuse is told at once', h => {
  h.open()
  assert.throws(() => h.parley.subscribe(''), TypeError)
  assert.throws(() => h.parley.subscribe(undefined), TypeError)
  assert.throws(() => h.parley.subscribe('a', 'b'), TypeError)
  assert.throws(() => h.parley.on('mesage', () => {}), { name: 'TypeError', message: /mesage/ })
  assert.throws(() => h.parley.on('message'), TypeError)
})
