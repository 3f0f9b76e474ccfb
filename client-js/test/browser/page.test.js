// The test page in two tabs: what issue 2 promises a new user.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, request as forward } from 'node:http'
import { after, before, test } from 'node:test'
import { launch, missing, startServer, until } from './harness.js'

const skip = missing() ?? false
let server, browser, context
const errors = []
before(async () => {
  if (skip) return
  server = await startServer()
  browser = await launch()
  context = await browser.newContext()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

async function tab(user) {
  const page = await context.newPage()
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => message.text().includes('Content Security Policy') && errors.push(message.text()))
  await page.goto(`${server.origin}/?user=${user}`)
  await status(page, 'open')
  return page
}
const status = (page, wanted) => page.waitForSelector(`#status-bar[data-status="${wanted}"]`, { state: 'attached' })
const bodies = (page, kind = '') => page.$$eval(`#log li.message${kind} .body`, all => all.map(one => one.textContent))

test('two tabs, the publish form, cut and restore, a restart', { skip, timeout: 120_000 }, async () => {
  const one = await tab('10086')
  const two = await tab('10010')

  await one.fill('#send-to', '10010')
  await one.fill('#send-body', 'hello from 10086')
  await one.click('#send')
  await until('the other tab shows it', async () => (await bodies(two)).includes('hello from 10086'))
  await until('who is online', async () => (await one.$$('#online li')).length === 2)

  const receipt = await (await fetch(`${server.origin}/socket/publish?userId=10086&message=hello`)).json()
  assert.equal(receipt.online, 1)
  await until('curl reaches the tab', async () => (await bodies(one)).includes('hello'))

  await one.selectOption('#publish-kind', 'user')
  await one.fill('#publish-to', '10010')
  await one.fill('#publish-message', 'it is nice')
  assert.match(await one.textContent('#curl'), /^curl .*socket\/publish/)
  await one.click('#publish')
  await one.waitForSelector('#receipt .receipt.good')
  await until('the form reaches the tab', async () => (await bodies(two)).includes('it is nice'))

  await two.click('#cut')
  await status(two, 'suspended')
  for (let i = 1; i <= 5; i++) assert.equal((await server.publish({ userId: '10010', message: `missed ${i}` })).status, 202)
  await two.click('#cut')
  await status(two, 'open')
  const missed = ['missed 1', 'missed 2', 'missed 3', 'missed 4', 'missed 5']
  await until('the five are there', async () => (await bodies(two, '.recovered')).length === 5)
  assert.deepEqual((await bodies(two, '.recovered')).sort(), missed)

  const { port } = server
  await server.stop()
  await status(one, 'waiting')
  server = await startServer(port)
  await status(one, 'open')
  await status(two, 'open')
  assert.equal(await server.online('10086'), 1)
  assert.equal(await server.online('10010'), 1)
  await server.publish({ all: true, message: 'to everybody' })
  for (const page of [one, two]) await until('everybody got it', async () => (await bodies(page)).includes('to everybody'))
  assert.deepEqual(errors, [])
})

test('behind a proxy that lets no WebSocket through, the page says so', { skip, timeout: 60_000 }, async () => {
  const proxy = createServer((request, response) => {
    const { upgrade, connection, ...headers } = request.headers
    const onward = forward(server.origin + request.url, { method: request.method, headers }, answer => {
      response.writeHead(answer.statusCode, answer.headers)
      answer.pipe(response)
    })
    response.on('close', () => onward.destroy())
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const page = await context.newPage()
  await page.goto(`http://localhost:${proxy.address().port}/?user=50005`)
  await page.waitForSelector('#log .note-line:has-text("no WebSocket gets through")')
  await page.close()
  proxy.closeAllConnections()
  proxy.close()
})

test('the receipt counts who acked, and the page answers who asks', { skip, timeout: 60_000 }, async () => {
  const page = await tab('30003')
  await page.fill('#publish-to', '30003')
  await page.fill('#publish-wait', '10s')
  await page.focus('#publish')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#receipt .receipt.good')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'publish', 'the keyboard can publish once more')
  assert.equal(await page.textContent('#receipt dd[data-fact="acked"]'), 'by 1 session')
  assert.match(await page.textContent('#curl'), /publish\?userId=30003&message=hello&wait=10s/)

  await page.click('label:has(#what-ask)')
  assert.match(await page.textContent('#curl'), /socket\/ask\?userId=30003/)
  await page.fill('#publish-message', '<b>which version?</b>')
  await page.click('#publish')
  await page.waitForSelector('#asks .question')
  assert.match(await page.textContent('#asks .question'), /<b>which version\?<\/b>/)
  await page.fill('#asks input', 'the third')
  await page.press('#asks input', 'Enter')
  await until('the reply', async () => (await page.$eval('#receipt', all => all.textContent)).includes('the third'))
  assert.equal(await page.$('#asks .question'), null)

  const asked = fetch(`${server.origin}/socket/ask?userId=30003&message=still+there&wait=500ms`)
  await page.waitForSelector('#asks .question')
  await page.click('#asks button:text("Dismiss")')
  assert.equal((await asked).status, 504)

  const given = fetch(`${server.origin}/socket/ask?userId=30003&message=too+late&wait=500ms`)
  await page.waitForSelector('#asks .question')
  await page.click('#cut')
  await until('nobody hears a reply any more', async () => !(await page.$('#asks .question')))
  assert.equal((await given).ok, false)
  assert.deepEqual(errors, [])
  await page.close()
})

test('a server with keys and tokens asks for both', { skip, timeout: 60_000 }, async () => {
  const usual = server
  const secret = 'a-secret-of-more-than-thirty-two-bytes'
  const key = 'a-publish-key-of-a-fair-length'
  server = await startServer(0, '--auth', 'token', '--token-secret', secret, '--publish-key', `shop:${key}`)
  try {
    const page = await context.newPage()
    await page.goto(`${server.origin}/?user=40004`)
    await status(page, 'closed')
    await page.waitForSelector('#token:focus')
    const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = `${part({ alg: 'HS256' })}.${part({ sub: '40004', exp: Math.floor(Date.now() / 1000) + 600 })}`
    await page.fill('#token', `${claims}.${createHmac('sha256', secret).update(claims).digest('base64url')}`)
    await page.press('#token', 'Enter')
    await status(page, 'open')
    await page.fill('#topic', 'news')
    await page.press('#topic', 'Enter')
    await until('a topic that the token does not cover is refused, by its name', async () =>
      /^Not subscribed to news: .*token/.test(await page.textContent('#topic-note')))
    assert.equal(await page.$('#topics li'), null)

    assert.equal(await page.isVisible('#key'), false)
    await page.click('#publish')
    await page.waitForSelector('#receipt .receipt.bad')
    assert.equal(await page.isVisible('#key'), true)
    assert.equal(await page.textContent('#key-state'), 'the server wants one')
    await page.fill('#key', 'an-other-key-of-a-fair-length')
    await page.click('#publish')
    await until('it is a wrong one', async () => /does not know/.test(await page.textContent('#key-state')))
    await page.fill('#key', key)
    await page.click('#publish')
    await page.waitForSelector('#receipt .receipt.good')
    assert.match(await page.textContent('#curl'), new RegExp(`X-Api-Key: ${key}`))

    await page.reload()
    await status(page, 'open')
    assert.equal(await page.inputValue('#key'), key, 'a reload keeps key and token')
    await page.close()
  } finally {
    await server.stop()
    server = usual
  }
})
