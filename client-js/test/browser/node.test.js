// The client in Node, with the WebSocket of the package ws, against the real server.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { Parley } from '../client.js'
import { missing, startServer, until } from './harness.js'

const skip = missing() ?? false
let server
before(async () => {
  if (!skip) server = await startServer()
})
after(() => server?.stop())

/** A client that has its welcome, the list of its messages, and that of its errors. */
async function open(context, user, options = {}) {
  const parley = new Parley(server.origin, { user, WebSocket, ...options })
  const messages = []
  const errors = []
  context.after(() => parley.close())
  parley.on('message', message => void messages.push(message))
  parley.on('error', error => void errors.push(error.code))
  await new Promise(resolve => parley.on('welcome', resolve))
  return { parley, messages, errors }
}
const call = (path, method = 'GET') => fetch(`${server.origin}/socket/${path}`, { method })

test('a receipt counts who handled it: not who threw, and not who does not listen', { skip }, async context => {
  const { parley, errors } = await open(context, 'a')
  const publish = message => server.publish({ userId: 'a', message, flag: 'f', wait: '5s' })
  assert.equal((await publish('to no one in particular')).acked, 1)
  const off = parley.on('flag:f', async ({ body }) => {
    assert.equal(body.code, '00', 'it comes as JSON')
  })
  assert.equal((await publish({ code: '00' })).acked, 1)
  assert.equal((await publish('no code')).acked, 0)
  assert.deepEqual(errors, ['handler'])
  off()
  assert.equal((await publish('no code')).acked, 1)

  const deaf = new Parley(server.origin, { user: 'deaf', WebSocket })
  context.after(() => deaf.close())
  await new Promise(resolve => deaf.on('welcome', resolve))
  assert.equal((await server.publish({ userId: 'deaf', message: 'x', wait: '5s' })).acked, 0)
})

test('from client to client, to topics, to the back ends, and to whom it may not', { skip }, async context => {
  const ann = await open(context, 'ann')
  const bob = await open(context, 'bob', { topics: ['news'] })
  const topic = []
  const { unsubscribe } = bob.parley.subscribe('sport', message => void topic.push(message.body))
  await until('subscribed', async () => (await (await call('online?topic=sport')).json()).online === 1)

  assert.equal((await ann.parley.send({ to: 'bob', flag: 'chat', body: { text: 'hi' } })).online, 1)
  assert.equal((await ann.parley.send({ topic: 'news', body: 1 })).online, 1)
  assert.equal((await ann.parley.send({ topic: 'sport', body: 2 })).online, 1)
  await until('three messages', () => bob.messages.length === 3)
  const [first] = bob.messages
  assert.deepEqual([first.sender, first.flag, first.body, first.channel, first.recovered],
    ['ann', 'chat', { text: 'hi' }, 'user:bob', false])
  assert.deepEqual(bob.messages.map(({ channel }) => channel), ['user:bob', 'topic:news', 'topic:sport'])
  assert.deepEqual(topic, [2])

  unsubscribe()
  await until('unsubscribed', async () => (await (await call('online?topic=sport')).json()).online === 0)
  assert.match((await ann.parley.send({ body: 'for the back ends' })).id, /^\w{26}$/)
  await assert.rejects(ann.parley.send({ everyone: true, body: 1 }), { code: 'forbidden' })
  await assert.rejects(ann.parley.send({ to: 'a/b', body: 1 }), { code: 'bad_reception' })
  await assert.rejects(ann.parley.send({ body: 'x'.repeat(65_536) }), { code: 'too_large' })
  assert.equal(ann.parley.status, 'open')
})

test('a back end asks, the handler answers', { skip }, async context => {
  const { parley } = await open(context, 'asked')
  parley.on('ask', async ({ body, flag }) => ({ body, flag }))
  const answer = await call('ask?userId=asked&message=version&flag=q')
  assert.deepEqual(await answer.json(), { body: 'version', flag: 'q' })
})

test('what was dropped from the history is told as a gap, what was kept comes as history', { skip }, async context => {
  const { parley, messages } = await open(context, 'gone')
  const gaps = []
  parley.on('gap', ({ channel, missed }) => void gaps.push([channel, missed]))
  parley.suspend()
  for (let i = 0; i < 3; i++) await server.publish({ userId: 'gone', message: i })
  await call('history?userId=gone', 'DELETE')
  await server.publish({ userId: 'gone', message: 'kept' })
  parley.resume()
  await until('it came', () => messages.length)
  assert.deepEqual(gaps, [['user:gone', 3]])
  assert.deepEqual(messages.map(({ body, recovered }) => [body, recovered]), [['kept', true]])
})

test('sent away: it stays away until it is told to connect', { skip }, async context => {
  const { parley, messages } = await open(context, 'kicked')
  const closed = new Promise(resolve => parley.on('status', change => change.status === 'closed' && resolve(change)))
  await call('disconnect?userId=kicked&reason=bye', 'POST')
  const { code, reason } = await closed
  assert.deepEqual([code, reason], [4008, 'bye'])
  await server.publish({ userId: 'kicked', message: 'while it was away' })
  parley.connect()
  await until('it came', () => messages.length)
  assert.equal(messages[0].recovered, true)
})

test('kill -9 of the server: the line comes back, sends that waited go out, the gap is told', { skip }, async context => {
  const { parley, messages } = await open(context, 'killed', { minDelay: 10, maxDelay: 100 })
  const gaps = []
  parley.on('gap', ({ channel, missed }) => void gaps.push([channel, missed]))
  await server.publish({ userId: 'killed', message: 'one' })
  await until('it came', () => messages.length === 1)
  const { port } = server
  await server.kill()
  await until('it noticed', () => parley.status !== 'open')
  const sent = parley.send({ to: 'killed', body: 'two' })
  server = await startServer(port)
  assert.equal((await sent).online, 1)
  await until('it came', () => messages.length === 2)
  assert.equal(messages[1].body, 'two')
  assert.deepEqual(gaps.find(([channel]) => channel === 'user:killed'), ['user:killed', null], 'memory does not survive')
})
