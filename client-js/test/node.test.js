/** In Node, with real sockets and real time: the package ws on both sides. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { Parley } from './client.js'
import { at, message, standing, welcome } from './harness.js'

/** A server that answers every hello, and hands out what else comes. */
async function listen(context) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'parley.v1' })
  await once(server, 'listening')
  const frames = []
  const waiters = []
  server.on('connection', (socket, request) => {
    socket.on('message', text => {
      const frame = JSON.parse(text)
      if (frame.type === 'hello') socket.send(JSON.stringify(server.welcome))
      const event = { frame, socket, request }
      if (waiters.length) waiters.shift()(event)
      else frames.push(event)
    })
  })
  context.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return Object.assign(server, {
    welcome: welcome(),
    url: `http://127.0.0.1:${server.address().port}`,
    next: () => (frames.length ? Promise.resolve(frames.shift()) : new Promise(resolve => waiters.push(resolve))),
  })
}

const heard = (parley, event) => new Promise(resolve => parley.on(event, resolve))

test('connects, handles, acks, sends, and resumes after a cut', async context => {
  const server = await listen(context)
  const parley = new Parley(server.url, { user: '张 三', token: 'a.b.c', WebSocket, minDelay: 1, maxDelay: 2 })
  context.after(() => parley.close())
  const { frame: hello, socket, request } = await server.next()
  assert.deepEqual(hello, { type: 'hello' })
  assert.equal(request.url, '/websocket/%E5%BC%A0%20%E4%B8%89')
  assert.equal(request.headers['sec-websocket-protocol'], 'parley.v1,parley.token.a.b.c')

  parley.on('message', () => {})
  socket.send(JSON.stringify(message(1, { ack: true })))
  assert.deepEqual((await server.next()).frame, { type: 'ack', channel: 'user:42', position: at(1) })

  const sent = parley.send({ to: '7', body: 'hi' })
  assert.equal((await server.next()).frame.reception, 'user:7')
  socket.send(JSON.stringify({ type: 'sent', ref: '1', id: 'x', online: 1 }))
  assert.deepEqual(await sent, { id: 'x', online: 1 })

  const lost = parley.send({ body: 'never confirmed' })
  await server.next()
  server.welcome = welcome({ channels: { 'user:42': standing(1), everyone: standing(0) } })
  socket.terminate()
  await assert.rejects(lost, { code: 'unconfirmed' })
  assert.deepEqual((await server.next()).frame, { type: 'hello', resume: { 'user:42': at(1), everyone: at(0) } })
  assert.equal((await server.next()).frame.type, 'ack')
  assert.equal(parley.status, 'open')
})

test('a close code and its reason arrive', async context => {
  const server = await listen(context)
  const parley = new Parley(server.url, { user: '42', WebSocket })
  const { socket } = await server.next()
  const closed = new Promise(resolve =>
    parley.on('status', change => {
      if (change.status === 'closed') resolve(change)
    }),
  )
  socket.close(4008, 'kicked: bye')
  assert.deepEqual(await closed, { status: 'closed', previous: 'open', code: 4008, reason: 'kicked: bye' })
})

test('close() while the handshake is under way does no harm', async context => {
  const server = await listen(context)
  for (const stop of ['close', 'suspend']) {
    const parley = new Parley(server.url, { user: '42', WebSocket })
    parley[stop]()
  }
  const parley = new Parley(server.url, { user: '42', WebSocket })
  context.after(() => parley.close())
  await heard(parley, 'welcome')
})

test('a server that is not there: waits, and tries again', async context => {
  const server = await listen(context)
  const { url } = server
  await new Promise(resolve => server.close(resolve))
  const parley = new Parley(url, { user: '42', WebSocket, minDelay: 1, maxDelay: 2 })
  context.after(() => parley.close())
  const seen = []
  await new Promise(resolve =>
    parley.on('status', ({ status, code }) => {
      seen.push(code ? `${status} ${code}` : status)
      if (seen.length === 4) resolve()
    }),
  )
  assert.deepEqual(seen, ['waiting 1006', 'connecting', 'waiting 1006', 'connecting'])
})
