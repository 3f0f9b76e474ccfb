// With --data a kill -9 costs a client nothing but a reconnect; the page shows it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch, missing, startServer, until } from './harness.js'

const skip = missing() ?? false
let server, browser, directory
before(async () => {
  if (skip) return
  directory = mkdtempSync(join(tmpdir(), 'parley-'))
  server = await startServer(0, '--data', directory)
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
  if (directory) rmSync(directory, { recursive: true, force: true })
})

test('cut the line, publish, kill -9, start, restore: everything is there, marked as recovered', { skip, timeout: 120_000 }, async () => {
  const page = await browser.newPage()
  const status = wanted => page.waitForSelector(`#status-bar[data-status="${wanted}"]`, { state: 'attached' })
  const bodies = kind => page.$$eval(`#log li.message${kind} .body`, all => all.map(one => one.textContent))
  await page.goto(`${server.origin}/?user=42`)
  await status('open')
  assert.equal((await server.publish({ userId: '42', message: 'before' })).stored, 'disk')
  await until('it is there', async () => (await bodies('')).includes('before'))

  await page.click('#cut')
  await status('suspended')
  for (let i = 1; i <= 5; i++) assert.equal((await server.publish({ userId: '42', message: `kept ${i}` })).stored, 'disk')
  const { port } = server
  await server.kill()
  server = await startServer(port, '--data', directory)
  await page.click('#cut')
  await status('open')
  await until('the five are there', async () => (await bodies('.recovered')).length === 5)
  assert.deepEqual((await bodies('.recovered')).sort(), [1, 2, 3, 4, 5].map(i => `kept ${i}`))
  assert.equal((await bodies('')).filter(body => body === 'before').length, 1, 'nothing came twice')
  assert.equal(await page.$('#log .gap'), null)
})
