// The scripts of the two articles run as they are, but for host and port.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { launch, missing, run, startServer, until } from './harness.js'

const SEEDS = process.env.SEEDS ?? fileURLToPath(new URL('../../../../shared/seeds', import.meta.url))
const skip = missing() ?? (existsSync(SEEDS) ? false : 'no articles: set SEEDS to their folder')
if (skip && process.env.CI) throw new Error(`missing in CI: ${skip}`)

/** The JavaScript blocks of an article. */
const scripts = file => [...readFileSync(`${SEEDS}/${file}`, 'utf8').matchAll(/```javascript\n([^]*?)```/g)].map(block => block[1])

let server, browser, page, lines
before(async () => {
  if (skip) return
  server = await startServer()
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})
beforeEach(async () => {
  if (skip) return
  page = await browser.newPage()
  lines = []
  page.on('console', message => lines.push(message.text()))
  page.on('pageerror', error => lines.push(`ERROR ${error.message}`))
})

/** Opens a page of the server's own origin with this body. */
async function open(html) {
  await page.route('**/article', route => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }))
  await page.goto(`${server.origin}/article`)
}

const logged = text => until(`the page logs ${text}`, () => lines.some(line => line.includes(text)))

test('the first article: connect, greet the back end, get one message, close', { skip }, async () => {
  const [html] = scripts('websocket-springboot-push.md')
  const events = []
  const stream = new AbortController()
  const response = await fetch(`${server.origin}/socket/events`, { signal: stream.signal })
  const reading = (async () => {
    for await (const chunk of response.body) events.push(Buffer.from(chunk).toString())
  })().catch(() => {})

  // jQuery's $.ajax sends `data` of a GET in the query
  await open(`<input id="message"><script>
    window.answers = []
    const $ = selector => ({ val: () => document.querySelector(selector).value })
    $.ajax = async ({ url, type, data, success }) => {
      const response = await fetch(url + '&' + new URLSearchParams(data), { method: type })
      window.answers.push(response.status)
      success(await response.text())
    }
    </script>${html.replaceAll('localhost:7777', server.host)}`)
  await logged('ws连接状态：1')
  await until('test1 reaches the back ends', () => events.join('').includes('"sender":"10086","body":"test1"'))
  await until('the log tells its size', () => server.log.some(line => line.includes('10086') && line.includes('5 characters')))
  assert.ok(!server.log.some(line => line.includes('test1')), 'the log holds no message')

  assert.equal((await server.publish({ userId: '10086', message: '你好' })).online, 1)
  await logged('接收到来自服务器的消息')
  await logged('ws连接状态：3') // the article closes after the first message
  await until('the registry noticed', async () => (await server.online('10086')) === 0)

  await page.fill('#message', 'from the page & more')
  await page.evaluate('sendMessage()')
  await until('the page has its receipt', () => lines.some(line => line.includes('"online":0')))
  assert.deepEqual(await page.evaluate('answers'), [202])
  assert.ok(!lines.some(line => line.startsWith('ERROR')), lines.join('\n'))
  stream.abort()
  await reading
})

/** The second article's module and component, with its imports and heartCheck stubbed. */
function secondArticle() {
  const [module, component] = scripts('websocket-vue-client.md')
  const imports = /^import .*$/gm
  return `<script>
    window.shown = []
    const Message = options => shown.push(options)
    const getToken = () => sessionStorage.getItem('token')
    const heartCheck = { start() { heartCheck.beats = (heartCheck.beats ?? 0) + 1 } }
    ${module.replace(imports, '').replace('localhost:8090', server.host).replace('export default websocket', 'window.websocket = websocket')}
    ${component.replace('export default', 'window.component =')}
    </script>`
}

const shown = text => until(`the page shows ${text}`, () => page.evaluate(wanted => shown.some(one => one.message === wanted), text))

test('the second article: messages, Send, status, reconnect after a restart, close for good', { skip }, async () => {
  await open(secondArticle())
  await page.evaluate(`{
    window.vue = {} // Vue binds a component's methods
    for (const [name, method] of Object.entries(component.methods)) vue[name] = method.bind(vue)
    component.created.call(vue)
  }`)
  await shown('webSocket连接成功')
  assert.equal(await page.evaluate('websocket.getStatus()'), '已连接')

  await server.publish({ userId: 'mine', message: { code: '01', msg: 'hi', data: 7 } })
  await shown('hi')
  assert.equal(await page.evaluate('vue.sha256Attempts'), 7)

  // Send routes by reception; the sender is whoever is connected
  const other = await browser.newPage()
  await other.goto(server.origin)
  await other.evaluate(host => {
    window.got = []
    const ws = new WebSocket(`ws://${host}/websocket/10010`)
    ws.onmessage = event => window.got.push(event.data)
    return new Promise(resolve => { ws.onopen = resolve })
  }, server.host)
  await page.evaluate(`websocket.Send('somebody else', '10010', { text: '嗨' }, 'inform')`)
  const got = await until('the other page got it', () => other.evaluate(() => window.got[0]))
  assert.deepEqual(JSON.parse(got), { sender: 'mine', reception: '10010', body: { text: '嗨' }, flag: 'inform' })
  await page.evaluate(message => messageHandle(message), got)
  await other.close()

  const { port } = server
  await server.stop()
  await shown('webSocket连接已经关闭')
  server = await startServer(port)
  await until('it came back by itself, once', async () => (await server.online('mine')) === 1)
  await server.publish({ userId: 'mine', message: { msg: 'again' } })
  await until('and still listens', () => lines.some(line => line.includes('again')))

  await page.evaluate('websocket.onClose()')
  await until('it is closed', async () => (await server.online('mine')) === 0)
  assert.ok(!lines.some(line => line.startsWith('ERROR')), lines.join('\n'))
})

test('the second article comes back after a reload of the page', { skip }, async () => {
  await open(secondArticle())
  await page.evaluate(`sessionStorage.setItem('token', 'reloader')`)
  assert.equal(await server.online('reloader'), 0)
  await page.reload()
  await until('it connected with its token as the key', async () => (await server.online('reloader')) === 1)
})

test('the second article with real tokens: its key in the path is one, and nobody else\'s works', { skip }, async () => {
  const secret = 'the secret of the tokens of this test'
  const strict = await startServer(0, '--auth', 'token', '--token-secret', secret)
  try {
    const token = await run('token', '--user', '10086', '--token-secret', secret)
    const forged = `${token.slice(0, -4)}AAAA`
    await page.route('**/article', route => route.fulfill({
      contentType: 'text/html; charset=utf-8',
      body: secondArticle().replaceAll(server.host, strict.host),
    }))
    await page.goto(`${strict.origin}/article`)
    await page.evaluate(key => sessionStorage.setItem('token', key), token)
    await page.reload() // it connects with what it finds
    await until('it is the user of its token', async () => (await strict.online('10086')) === 1)
    await strict.publish({ userId: '10086', message: { code: '01', msg: 'for 10086' } })
    await until('it gets his messages', () => lines.some(line => line.includes('for 10086')))

    await page.evaluate(key => sessionStorage.setItem('token', key), forged)
    await page.reload()
    await until('a forged one is refused', () => lines.some(line => /WebSocket connection .* failed/.test(line)))
    assert.equal(await strict.online('10086'), 0)
    assert.ok(!strict.log.some(line => line.includes('eyJ')), `a token in the log:\n${strict.log.join('\n')}`)
  } finally {
    await strict.stop()
  }
})
