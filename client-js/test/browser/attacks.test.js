// A page on another site, and one whose name was bound to this machine's address meanwhile, against a server without
// keys: what a real browser sends for them is refused, whatever tag or call sends it.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { after, before, beforeEach, test } from 'node:test'
import { launch, missing, startServer, until } from './harness.js'

const skip = missing() ?? false

let server, evil, browser, page, asked, answers
before(async () => {
  if (skip) return
  server = await startServer()
  evil = createServer((request, response) => response.setHeader('Content-Type', 'text/html').end('<title>x</title><body>'))
  evil.listen(0, '127.0.0.1')
  await once(evil, 'listening')
  // the attacker's names lead here, so that nothing but the server's own checks stands between them and it
  browser = await launch('--host-resolver-rules=MAP evil.test 127.0.0.1, MAP rebound.test 127.0.0.1')
})
after(async () => {
  await browser?.close()
  evil?.close()
  await server?.stop()
})
beforeEach(async () => {
  if (skip) return
  page = await browser.newPage()
  asked = []
  answers = []
  const path = url => new URL(url).port === String(server.port) && new URL(url).pathname
  page.on('request', request => path(request.url()) && asked.push(path(request.url())))
  // not all of them: what Chromium keeps from the page, it keeps from us
  page.on('response', response => path(response.url()) && answers.push(response))
})

async function kept(user) {
  const history = await (await fetch(`${server.origin}/socket/history?userId=${user}`)).json()
  return history.messages.map(message => message.body)
}
const publish = (user, how) => `/socket/publish?userId=${user}&message=${how}`

/** Offers of subprotocols. */
const MODES = [[], ['parley.plain'], ['parley.v1']]

/** Ways of a page to make its reader's browser ask for `base`; each names itself in the message it would publish. */
const attack = async ([base, user, modes]) => {
  const url = how => `${base}/socket/publish?userId=${user}&message=${how}`
  const inbox = `${base}/websocket/${user}`
  const element = (tag, members) => document.body.append(Object.assign(document.createElement(tag), members))
  const ended = promise => promise.then(() => 'open', () => 'refused')
  element('img', { src: url('img') })
  element('img', { src: inbox })
  element('img', { src: `${base}/socket/history?userId=${user}` })
  element('img', { src: url('silent-img'), referrerPolicy: 'no-referrer' })
  element('script', { src: url('script') })
  element('link', { rel: 'stylesheet', href: url('style') })
  element('link', { rel: 'prefetch', href: url('prefetch') })
  element('link', { rel: 'preload', as: 'image', href: url('preload') })
  element('video', { src: inbox })
  element('iframe', { src: url('iframe') })
  element('iframe', { src: inbox })
  for (const [method, enctype] of [['GET', ''], ['POST', 'text/plain'], ['POST', 'multipart/form-data'], ['POST', '']]) {
    const name = `form-${method}-${enctype}`
    element('iframe', { name })
    const form = Object.assign(document.createElement('form'), { method, enctype, target: name, action: url(name) })
    for (const [field, value] of [['userId', user], ['message', name]]) form.append(Object.assign(document.createElement('input'), { name: field, value }))
    document.body.append(form)
    form.submit()
  }
  navigator.sendBeacon(url('beacon'), 'x')
  const results = await Promise.all([
    ended(fetch(url('fetch'), { mode: 'no-cors' })),
    ended(fetch(url('fetch-post'), { mode: 'no-cors', method: 'POST', body: 'x' })),
    ended(fetch(inbox, { mode: 'no-cors' })),
    ended(fetch(inbox, { mode: 'no-cors', referrerPolicy: 'no-referrer', credentials: 'include' })),
    ended(fetch(url('fetch-json'), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })),
    ended(fetch(`${base}/socket/history?userId=${user}`, { method: 'DELETE' })),
    new Promise(resolve => {
      const stream = new EventSource(inbox)
      stream.onopen = () => resolve('open')
      stream.onerror = () => resolve('refused')
    }),
    ...modes.map(mode => new Promise(resolve => {
      const socket = new WebSocket(inbox.replace('http', 'ws'), mode)
      socket.onmessage = () => resolve('open')
      socket.onclose = ({ code }) => resolve(`refused ${code}`)
      socket.onopen = () => socket.send(mode[0] === 'parley.v1' ? '{"type":"hello"}' : '{"reception":"victim","body":"socket"}')
    })),
  ])
  return { fetched: results.slice(4, 6), stream: results[6], sockets: results.slice(7) }
}

async function expectHarmless(user, status) {
  await until('all of them were tried', () => asked.length >= 20)
  for (const path of ['/socket/publish', '/socket/history', `/websocket/${user}`]) assert.ok(asked.includes(path), path)
  const heard = () => answers.map(answer => `${new URL(answer.url()).pathname} ${answer.status()}`)
  for (const path of ['/socket/publish', `/websocket/${user}`]) await until(`an answer of ${path}`, () => heard().includes(`${path} ${status}`))
  await page.close() // what is still under way has been sent
  assert.deepEqual(heard().filter(one => !one.endsWith(` ${status}`)), [])
  assert.deepEqual(await kept(user), ['secret'])
  // and it is still unread: a listener of our own gets it
  const listener = (await fetch(`${server.origin}/websocket/${user}`)).body.getReader()
  let text = ''
  while (!text.includes('secret')) text += Buffer.from((await listener.read()).value)
  await listener.cancel()
}

// sockets of other ports of this machine are welcome: a front-end's development server has one
for (const [who, site, modes] of [['another site', 'evil.test', MODES], ['another port of this machine', 'localhost', []]]) {
  test(`a page on ${who} neither publishes nor drains an inbox`, { skip, timeout: 60_000 }, async () => {
    const user = `victim-of-${site}`
    await server.publish({ userId: user, message: 'secret' })
    await page.goto(`http://${site}:${evil.address().port}/`)
    const { fetched, stream, sockets } = await page.evaluate(attack, [server.origin, user, modes])
    assert.deepEqual(fetched, ['refused', 'refused'])
    assert.equal(stream, 'refused')
    assert.deepEqual(sockets, modes.map(mode => mode[0] === 'parley.v1' ? 'refused 4003' : 'refused 1006'))
    await expectHarmless(user, 403)
  })
}

test('nor by sending its reader there', { skip, timeout: 60_000 }, async () => {
  await server.publish({ userId: 'sent', message: 'secret' })
  for (const path of [publish('sent', 'link'), '/websocket/sent', '/socket/history?userId=sent']) {
    await page.goto(`http://evil.test:${evil.address().port}/`)
    await Promise.all([
      page.waitForURL(`${server.origin}${path}`),
      page.evaluate(url => { location.href = url }, server.origin + path),
    ])
    assert.equal(answers.at(-1).status(), 403)
  }
  // a link in a mail, or what was typed, is nobody's page
  assert.equal((await page.goto(server.origin + publish('sent', 'typed'))).status(), 403)
  assert.deepEqual(await kept('sent'), ['secret'])
})

test('a name that leads here now is still not ours', { skip, timeout: 60_000 }, async () => {
  const user = 'victim-of-rebinding'
  const base = `http://rebound.test:${server.port}`
  await server.publish({ userId: user, message: 'secret' })
  // the page came from the attacker's own server, before the name was bound anew
  await page.route(`${base}/attack`, route => route.fulfill({ contentType: 'text/html', body: '<body>' }))
  await page.goto(`${base}/attack`)
  asked.length = answers.length = 0
  const { sockets, stream } = await page.evaluate(attack, [base, user, MODES])
  assert.equal(stream, 'refused')
  assert.deepEqual(sockets, ['refused 1006', 'refused 1006', 'refused 4003'])
  assert.equal(await page.evaluate(async () => (await fetch('/socket/online')).status), 421)
  await expectHarmless(user, 421)
})

test('our own page may, but not ahead of time', { skip, timeout: 60_000 }, async () => {
  await page.goto(`${server.origin}/`)
  assert.equal(await page.evaluate(async url => (await fetch(url)).status, publish('own', 'fetch')), 202)
  await page.evaluate(url => {
    document.head.append(Object.assign(document.createElement('link'), { rel: 'prefetch', href: url }))
  }, publish('own', 'prefetch'))
  await until('the prefetch was answered', () => answers.some(answer => answer.url().includes('prefetch')))
  assert.equal(answers.find(answer => answer.url().includes('prefetch')).status(), 403)
  assert.deepEqual(await kept('own'), ['fetch'])
})
