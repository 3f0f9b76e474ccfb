// The minimal push server on Node's http and the package ws: a map from user to sockets, POST /pub?u=USER, and u=all for
// everybody. A message to all is encoded once and written to the raw sockets, the fastest that ws allows.
const http = require('http')
const { WebSocketServer, Sender } = require('ws')

const users = new Map()
const sockets = new WebSocketServer({
  noServer: true, perMessageDeflate: false, clientTracking: false, skipUTF8Validation: true
})
const encode = data =>
  Buffer.concat(Sender.frame(data, { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false }))
const user = request => request.url.slice(request.url.indexOf('u=') + 2)

const server = http.createServer((request, response) => {
  const parts = []
  request.on('data', part => parts.push(part))
  request.on('end', () => {
    const frame = encode(Buffer.concat(parts))
    const targets = user(request) === 'all' ? users.values() : [users.get(user(request)) ?? []]
    for (const set of targets) for (const socket of set) socket._socket.write(frame)
    response.writeHead(204).end()
  })
})
server.keepAliveTimeout = 0
server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, client => {
  socket.setNoDelay(true)
  client.on('error', () => {})
  client.on('message', (data, binary) => client.send(data, { binary }))
  const set = users.get(user(request)) ?? new Set()
  users.set(user(request), set.add(client))
  client.on('close', () => {
    set.delete(client)
    if (!set.size) users.delete(user(request))
  })
}))
server.listen(+process.argv[2], '127.0.0.1', 4096)
