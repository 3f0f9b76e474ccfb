// Chromium as a user has it, driven by the DevTools protocol alone: Playwright keeps every page focused, awake and
// unthrottled, and turns the back-forward cache off.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { CHROMIUM } from './harness.js'

/** Starts it, with one connection for all tabs. */
export async function startChrome() {
  const profile = mkdtempSync(join(tmpdir(), 'parley-chrome-'))
  const child = spawn(CHROMIUM, ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update', '--disable-features=LocalNetworkAccessChecks',
    '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  const address = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', line => {
      const [, found] = /DevTools listening on (\S+)/.exec(line) ?? []
      if (found) resolve(found)
    })
    ended.then(([code]) => reject(new Error(`Chromium ended with ${code}`)))
  })
  const socket = new WebSocket(address)
  await once(socket, 'open')

  let ids = 0
  const waiting = new Map()
  socket.on('message', text => {
    const { id, result, error } = JSON.parse(text)
    const command = waiting.get(id)
    waiting.delete(id)
    if (error) command?.reject(new Error(`${command.method}: ${error.message}`))
    else command?.resolve(result)
  })
  const send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    waiting.set(++ids, { method, resolve, reject })
    socket.send(JSON.stringify({ id: ids, method, params, sessionId }))
  })

  return {
    /** A new tab, in front of the others. */
    async open(url) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' })
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      const tab = {
        /** A command of the DevTools protocol. */
        send: (method, params) => send(method, params, sessionId),
        /** Calls a function in the page, and returns what it returns or its promise is fulfilled with. */
        async run(run, ...args) {
          const expression = `(${run})(...${JSON.stringify(args)})`
          const { result, exceptionDetails: fault } =
            await tab.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
          if (fault) throw new Error(fault.exception?.description ?? fault.text)
          return result.value
        },
        /** Goes there, and waits until it is loaded. */
        async go(url) {
          await tab.send('Page.navigate', { url })
          await tab.until(`at ${url}`, url => location.href === url && document.readyState === 'complete', url)
        },
        async until(what, probe, ...args) {
          for (const end = Date.now() + 20_000; ; await new Promise(resolve => setTimeout(resolve, 20))) {
            const value = await tab.run(probe, ...args).catch(() => undefined) // between two pages there is none
            if (value) return value
            if (Date.now() > end) throw new Error(`not within 20 s: ${what}`)
          }
        },
        toFront: () => send('Target.activateTarget', { targetId }),
        close: () => send('Target.closeTarget', { targetId }),
      }
      await tab.send('Page.enable')
      await tab.go(url)
      return tab
    },

    async stop() {
      await send('Browser.close').catch(() => {})
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) // its helpers still write
    },
  }
}
