// A site of its own, as an application's: pages with the client in a script tag, another origin than the server.
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const dist = new URL('../../dist/', import.meta.url)

/** `routes`: what else it answers, by path. */
export async function startSite(routes = {}) {
  if (!existsSync(dist)) throw new Error('client-js/dist is missing: npm run build')
  const site = createServer((request, response) => {
    const name = /^\/([\w.-]+\.js)$/.exec(request.url)?.[1]
    const route = routes[request.url]
    response.setHeader('Content-Type', name ? 'text/javascript' : route ? 'text/plain' : 'text/html')
    response.end(
      name ? readFileSync(new URL(name, dist))
        : route ? route()
          : '<!doctype html><title>A page</title><script src="/parley.min.js"></script><p>A page.',
    )
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  return {
    origin: `http://127.0.0.1:${site.address().port}`,
    stop: () => {
      site.closeAllConnections()
      site.close()
    },
  }
}
