/*
 * The floor: a push server that does nothing a push server could do without. One thread, one epoll, a user is a small
 * number, POST /pub?u=N is one write() of an encoded frame, POST /pub?u=all is one write() for each socket, a text
 * frame is echoed. No queues, no back-pressure, and none of the checks that a real server needs. Linux only.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX 65536
static int user[MAX], at[MAX], top;          /* user -> fd, and the fds of all users in a row */
static int all[MAX];
static char ws[MAX];
static int ep;

/* ---- SHA-1 and base64, for the handshake ---- */

static uint32_t rol(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1(const uint8_t *in, size_t n, uint8_t out[20]) {
  uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}, w[80];
  uint8_t b[192] = {0};
  size_t blocks = (n + 9 + 63) / 64;
  memcpy(b, in, n), b[n] = 0x80;
  for (int i = 0; i < 8; i++) b[blocks * 64 - 1 - (size_t)i] = (uint8_t)((uint64_t)n * 8 >> (8 * i));
  for (size_t k = 0; k < blocks; k++) {
    uint8_t *p = b + k * 64;
    for (int i = 0; i < 16; i++) w[i] = (uint32_t)p[i * 4] << 24 | (uint32_t)p[i * 4 + 1] << 16 | (uint32_t)p[i * 4 + 2] << 8 | p[i * 4 + 3];
    for (int i = 16; i < 80; i++) w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = h[0], bb = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 80; i++) {
      uint32_t f = i < 20 ? (bb & c) | (~bb & d) : i < 40 ? bb ^ c ^ d : i < 60 ? (bb & c) | (bb & d) | (c & d) : bb ^ c ^ d;
      uint32_t q = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6, t = rol(a, 5) + f + e + q + w[i];
      e = d, d = c, c = rol(bb, 30), bb = a, a = t;
    }
    h[0] += a, h[1] += bb, h[2] += c, h[3] += d, h[4] += e;
  }
  for (int i = 0; i < 20; i++) out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void accept_key(const char *key, char *out) {
  static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint8_t in[64], d[21] = {0};
  memcpy(in, key, 24), memcpy(in + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
  sha1(in, 60, d);
  for (int i = 0; i < 7; i++) {
    uint32_t v = (uint32_t)d[i * 3] << 16 | (uint32_t)d[i * 3 + 1] << 8 | d[i * 3 + 2];
    for (int k = 0; k < 4; k++) *out++ = abc[v >> (18 - 6 * k) & 63];
  }
  out[-1] = '=', *out = 0;
}

/* ---- sending ---- */

static size_t frame(uint8_t *f, const char *p, size_t n) {
  size_t h = n < 126 ? 2 : 4;
  f[0] = 0x81, f[1] = (uint8_t)(n < 126 ? n : 126);
  if (n >= 126) f[2] = (uint8_t)(n >> 8), f[3] = (uint8_t)n;
  memcpy(f + h, p, n);
  return h + n;
}

static void fan_out(const uint8_t *f, size_t n) {
  for (int i = 0; i < top; i++)
    if (write(all[i], f, n) < 0) continue; /* who does not read gets nothing */
}

/* ---- receiving ---- */

static void gone(int fd) {
  if (ws[fd] && at[fd] >= 0) { all[at[fd]] = all[--top]; at[all[at[fd]]] = at[fd]; }
  ws[fd] = 0, close(fd);
}

static void echo(int fd, uint8_t *b, size_t n) {
  while (n >= 6) {
    size_t len = b[1] & 127, h = 2;
    if (len == 126) len = (size_t)b[2] << 8 | b[3], h = 4;
    if (n < h + 4 + len) return;
    uint8_t *m = b + h, *p = m + 4, out[70000];
    for (size_t i = 0; i < len; i++) p[i] ^= m[i & 3];
    if ((b[0] & 15) == 8) { gone(fd); return; }
    if ((b[0] & 15) == 1 && write(fd, out, frame(out, (char *)p, len)) < 0) { gone(fd); return; }
    b += h + 4 + len, n -= h + 4 + len;
  }
}

static void request(int fd, char *b, size_t n) { /* whole requests only; a publisher may pipeline */
  static const char done[] = "HTTP/1.1 204 No Content\r\n\r\n";
  char answers[8192];
  size_t a = 0;
  while (n) {
    char *e = memmem(b, n, "\r\n\r\n", 4), *u, *k;
    if (!e) break;
    *e = 0, e += 4;
    u = strstr(b, "?u=");
    if ((k = strcasestr(b, "Sec-WebSocket-Key: "))) {
      char r[256], key[32];
      accept_key(k + 19, key);
      int l = sprintf(r, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", key);
      ws[fd] = 1, at[fd] = -1;
      if (u) user[atoi(u + 3) % MAX] = fd, at[fd] = top, all[top++] = fd;
      if (write(fd, r, (size_t)l) < 0) gone(fd);
      return;
    }
    k = strcasestr(b, "Content-Length: ");
    size_t len = k ? (size_t)atoi(k + 16) : 0;
    uint8_t f[70000];
    if (e + len > b + n) break; /* a body split from its head, which the load never sends */
    size_t l = frame(f, e, len);
    if (u && strncmp(u + 3, "all", 3)) { if (write(user[atoi(u + 3) % MAX], f, l) < 0) perror("write"); }
    else fan_out(f, l);
    memcpy(answers + a, done, sizeof done - 1), a += sizeof done - 1;
    n -= (size_t)(e + len - b), b = e + len;
  }
  if (a && write(fd, answers, a) < 0) gone(fd);
}

int main(int argc, char **argv) {
  static char buf[1 << 17];
  struct epoll_event ev[512], e = {.events = EPOLLIN};
  struct sockaddr_in s = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 7000)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(l, (struct sockaddr *)&s, sizeof s) || listen(l, 4096)) { perror("bind"); return 1; }
  ep = epoll_create1(0), e.data.fd = l, epoll_ctl(ep, EPOLL_CTL_ADD, l, &e);
  for (;;) {
    int n = epoll_wait(ep, ev, 512, -1);
    for (int i = 0; i < n; i++) {
      int fd = ev[i].data.fd;
      if (fd == l) {
        while ((fd = accept4(l, 0, 0, SOCK_NONBLOCK)) >= 0) {
          setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          ws[fd] = 0, at[fd] = -1, e.data.fd = fd, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
        }
        continue;
      }
      ssize_t r = read(fd, buf, sizeof buf - 1);
      if (r <= 0) { gone(fd); continue; }
      buf[r] = 0;
      if (ws[fd]) echo(fd, (uint8_t *)buf, (size_t)r);
      else request(fd, buf, (size_t)r);
    }
  }
}
