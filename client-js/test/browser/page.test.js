// The test page in two tabs: what issue 2 promises a new user.
import assert from 'node:assert/strict'
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
