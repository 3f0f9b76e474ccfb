// The operator's page over a real server.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { audit } from './audit.js'
import { launch, missing, startServer, until } from './harness.js'

const skip = missing() ?? false
let server, browser
const sockets = []
before(async () => {
  if (skip) return
  server = await startServer()
  browser = await launch()
})
after(async () => {
  for (const socket of sockets) socket.terminate()
  await browser?.close()
  await server?.stop()
})

/** The page, with everything it complains about. */
async function open(path, options = {}) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const errors = []
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => message.type() === 'error' && errors.push(message.text()))
  await page.goto(server.origin + path)
  return { page, errors, close: () => context.close() }
}

/** A plain client. */
async function client(user, query = '') {
  const socket = new WebSocket(`ws://${server.host}/websocket/${encodeURIComponent(user)}${query}`)
  const texts = []
  socket.on('message', data => texts.push(String(data)))
  const closed = new Promise(resolve => socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })))
  await new Promise((resolve, reject) => { socket.on('open', resolve); socket.on('error', reject) })
  sockets.push(socket)
  return { socket, texts, closed }
}

/** A client of the wire, which acks at once what it is asked to ack. */
async function acking(user) {
  const socket = new WebSocket(`ws://${server.host}/websocket/${user}`, 'parley.v1')
  await new Promise((resolve, reject) => { socket.on('open', resolve); socket.on('error', reject) })
  sockets.push(socket)
  await new Promise(resolve => {
    socket.on('message', data => {
      const frame = JSON.parse(String(data))
      if (frame.type === 'welcome') resolve()
      if (frame.ack) socket.send(JSON.stringify({ type: 'ack', channel: frame.channel, position: frame.position }))
    })
    socket.send('{"type":"hello"}')
  })
}

const text = (page, selector) => page.textContent(selector)
const users = page => page.$$eval('#sessions tbody tr td:first-child', cells => cells.map(cell => cell.textContent))
const live = page => page.waitForSelector('#status-bar[data-status="open"]')

test('sessions are shown, searched and disconnected; figures move; events come', { skip, timeout: 60_000 }, async () => {
  const alice = await client('alice', '?topic=news')
  await client('bob')
  const { page, errors, close } = await open('/console')
  await live(page)
  await until('both are there', async () => (await users(page)).join() === 'back end,alice,bob')
  assert.equal(await text(page, '#sessions-count'), '3 sessions')
  await until('the tile counts them', async () => (await text(page, '#tile-sessions')) === '3')
  await until('their topic', async () => (await text(page, '#channels')).includes('topic:news'))

  await page.fill('#sessions-query', 'lic')
  await until('the search', async () => (await users(page)).join() === 'alice')
  await page.fill('#sessions-query', '')
  await until('all again', async () => (await users(page)).length === 3)

  await acking('carol')
  await until('the event', async () => (await text(page, '#events')).includes('carol'))
  await until('rates and latency move', async () => {
    await Promise.all(Array.from({ length: 10 }, () => server.publish({ userId: 'carol', message: 'x', wait: '5s' })))
    return Number(await text(page, '#tile-in')) > 0 && Number(await text(page, '#tile-out')) > 0
      && (await text(page, '#tile-acks')).startsWith('< ')
  })

  await page.click('#sessions tr:has(bdi:text-is("alice")) button.link')
  await page.fill('#kick-reason', 'go and have tea')
  await until('she is here', async () => (await text(page, '#user-online')) === '1 session')
  await page.click('#kick')
  assert.deepEqual(await alice.closed, { code: 4008, reason: 'go and have tea' })
  await until('it is said', async () => (await text(page, '#user-note')) === 'Disconnected: 1 session.')
  assert.equal(await text(page, '#user-online'), 'not here')
  assert.match(await text(page, '#user-recent'), /closed, disconnected by an operator \(4008\)/)
  await page.keyboard.press('Escape')
  await until('she is gone', async () => !(await users(page)).includes('alice'))
  await until('that is an event, too', async () => (await text(page, '#events')).includes('disconnected by an operator'))
  assert.deepEqual(errors, [])
  await close()
})

test('the history of a user, and why a message did not arrive', { skip, timeout: 60_000 }, async () => {
  const hostile = '<img src=x onerror=alert(1)>'
  for (let i = 1; i <= 60; i++) await server.publish({ userId: 'dora', message: `number ${i} ${hostile}` })
  const { page, errors, close } = await open('/console')
  await page.fill('#look-user', 'dora')
  await page.press('#look-user', 'Enter')
  await until('the last ones, newest first', async () => (await page.$$('#user-history li')).length === 50)
  assert.match(await text(page, '#user-history li:first-child'), /number 60 <img/)
  assert.match(await text(page, '#user-history li:last-child'), /number 11 /)
  assert.match(await text(page, '#user-inbox'), /unread60/)
  assert.equal(await page.$('#user-history img'), null)

  await page.click('#user-history li:first-child button')
  await until('why', async () => (await text(page, '#trace-facts')).includes('offline'))
  assert.notEqual(await text(page, '#trace-detail'), '')
  await page.click('#trace-close')
  await page.click('#user-close')
  await page.fill('#trace-id', 'no such id')
  await page.press('#trace-id', 'Enter')
  await until('that it is unknown', async () => (await text(page, '#trace-detail')).includes('not among the last'))
  assert.deepEqual(errors.filter(error => !error.includes('404')), [])
  await close()
})

test('sessions come page by page', { skip, timeout: 60_000 }, async () => {
  for (let i = 0; i < 60; i++) await client(`many-${String(i).padStart(2, '0')}`)
  const { page, errors, close } = await open('/console')
  await page.fill('#sessions-query', 'many-')
  await until('the first page', async () => (await users(page)).length === 25 && (await users(page))[0] === 'many-00')
  assert.equal(await text(page, '#sessions-page'), '1 to 25')
  assert.equal(await text(page, '#sessions-count'), '60 sessions')
  await page.click('#sessions-next')
  await until('the second', async () => (await users(page))[0] === 'many-25')
  await page.click('#sessions-next')
  await until('the last', async () => (await users(page))[0] === 'many-50' && (await users(page)).length === 10)
  assert.equal(await page.isDisabled('#sessions-next'), true)
  await page.click('#sessions-back')
  await until('back', async () => (await users(page))[0] === 'many-25')
  await page.fill('#sessions-query', 'any-')
  await until('another search begins at its first page', async () => (await users(page))[0] === 'many-00')
  assert.deepEqual(errors, [])
  await close()
})

test('slow clients stand out; an answer that comes too late is not shown', { skip, timeout: 60_000 }, async () => {
  const stats = await (await fetch(`${server.origin}/socket/stats`)).json()
  stats.sessions.slow = 1
  const session = (user, slow) => ({
    session: `session of ${user}`, user, mode: 'v1', address: '127.0.0.1', since: Date.now(), heard: 5, topics: [],
    queue: slow ? 2048 : 0, stalled: slow ? 1500 : 0, behind: slow ? 7 : 0, slow,
  })
  const context = await browser.newContext()
  const page = await context.newPage()
  let answerLate
  const asked = []
  await page.route('**/socket/events?*', route => route.fulfill({ contentType: 'text/event-stream', body: `data: ${JSON.stringify(stats)}\n\n` }))
  await page.route('**/socket/sessions?*', async route => {
    const query = new URL(route.request().url()).searchParams
    asked.push(query.get('slow'))
    if (query.get('query') === 'late') await new Promise(resolve => { answerLate = resolve })
    const sessions = query.get('query') ? [session(query.get('query'), false)] : [session('snail', true), session('hare', false)]
    await route.fulfill({ json: { sessions, total: sessions.length, next: null } })
  })
  await page.goto(`${server.origin}/console`)
  await until('both are there', async () => (await users(page)).join() === 'snail,hare')
  assert.deepEqual(await page.$$eval('#sessions tr.warn', rows => rows.map(row => row.cells[7].textContent)), ['2 KB, stalled 1 s'])
  await page.waitForSelector('.tile.warn #tile-slow')
  assert.ok(!asked.includes('true'))
  await page.click('#sessions-slow')
  await until('only slow ones are asked for', () => asked.at(-1) === 'true')

  await page.fill('#sessions-query', 'late')
  await until('a slow question', () => answerLate)
  await page.fill('#sessions-query', 'quick')
  await until('a quick one', async () => (await users(page)).join() === 'quick')
  const late = page.waitForResponse(response => response.url().includes('query=late'))
  answerLate()
  await (await late).finished()
  await page.evaluate(() => new Promise(resolve => setTimeout(resolve, 50)))
  assert.deepEqual(await users(page), ['quick'])
  await context.close()
})

test('a server with a key asks for it, and a hidden page asks for nothing', { skip, timeout: 60_000 }, async () => {
  const usual = server
  server = await startServer(0, '--publish-key', 'ops:open-sesame-open-sesame')
  try {
    const { page, close } = await open('/console')
    await page.fill('#key', 'a-wrong-key-a-wrong-key')
    await page.press('#key', 'Enter')
    await page.waitForSelector('#status-bar[data-status="closed"]')
    assert.match(await text(page, '#status'), /key/)
    await page.fill('#key', 'open-sesame-open-sesame')
    await page.press('#key', 'Enter')
    await live(page)
    await until('figures', async () => (await text(page, '#tile-sessions')) === '1')

    const sessions = async () => (await (await fetch(`${server.origin}/socket/sessions`)).json()).total
    const hide = hidden => page.evaluate(value => {
      Object.defineProperty(document, 'hidden', { value, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, hidden)
    await hide(true)
    await until('nobody looks', async () => (await sessions()) === 0)
    await hide(false)
    await live(page)
    await close()
  } finally {
    await server.stop()
    server = usual
  }
})

/** Fills a page with all that it can show. */
const fill = {
  '/': async (page, stop) => {
    await page.waitForSelector('#status-bar[data-status="open"]')
    await server.publish({ userId: 'eve', message: { code: '00' }, flag: 'inform', sender: 'shop' })
    await page.click('#cut')
    await server.publish({ topic: 'news', message: 'while you were away' })
    await page.click('#cut')
    await page.waitForSelector('#log .recovered')
    await page.click('#publish')
    await page.waitForSelector('#receipt .receipt.good')
    fetch(`${server.origin}/socket/ask?userId=eve&message=which&flag=q&wait=20s`, { signal: stop }).catch(() => {})
    await page.waitForSelector('#asks .question')
    await page.waitForSelector('#online li')
  },
  '/console': async page => {
    await live(page)
    await page.waitForSelector('#sessions tbody tr')
    await page.waitForSelector('#channels tbody tr')
    await page.waitForSelector('#events li')
    await page.fill('#look-user', 'dora')
    await page.press('#look-user', 'Enter')
    await page.waitForSelector('#user-history button')
  },
}

for (const [path, query] of [['/', `?user=eve&topic=news&topic=${'x'.repeat(144)}`], ['/console', '']]) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
      test(`${path} can be read and used: ${colorScheme}, ${width} pixels wide`, { skip, timeout: 30_000 }, async () => {
        await server.publish({ userId: 'dora', message: 'a message' })
        const { page, errors, close } = await open(path + query, { colorScheme, viewport: { width, height: 740 } })
        const stop = new AbortController()
        await client('a visitor')
        await fill[path](page, stop.signal)
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        assert.equal(over, 0, 'nothing scrolls sideways')
        const wide = await page.$$eval('.card, .people', all => all.filter(box => box.scrollWidth > box.clientWidth).map(box => box.className))
        assert.deepEqual(wide, [], 'a long name pushes no button out of sight')
        const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
        const [red] = background.match(/\d+/g).map(Number)
        assert.equal(red < 60, colorScheme === 'dark', background)
        assert.deepEqual(await audit(page), [])
        assert.deepEqual(errors, [])
        stop.abort()
        await close()
      })
    }
  }
}
