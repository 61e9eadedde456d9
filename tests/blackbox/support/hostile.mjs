// Servers that are up to no good: a scripted mail server, and a web server that counts who comes.

import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

async function listen(server, host) {
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  return server.address().port;
}

/**
 * A mail server: `greeting`, then answer(line, say) for each line that the client sends; upgrade() in its context starts TLS with org's
 * certificate (implicit from the start with `secure`). heard: everything that came, in the clear or not.
 */
export async function mailServer({ org, greeting, answer, secure = false, host = '127.0.0.1' }) {
  const identity = () => ({ key: readFileSync(path.join(org.dir, 'tls/server.key')), cert: readFileSync(path.join(org.dir, 'tls/server.pem')) });
  const heard = [];
  const sockets = new Set();

  function talk(socket, begin) {
    let waiting = '';
    const say = (text) => socket.writable && socket.write(text);
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      waiting += piece.toString('latin1');
      for (let end = waiting.indexOf('\n'); end >= 0; end = waiting.indexOf('\n')) {
        const line = waiting.slice(0, end).replace(/\r$/, '');
        waiting = waiting.slice(end + 1);
        heard.push(line);
        answer(line, say, { upgrade, end: () => socket.destroy() });
      }
    });
    function upgrade(afterwards) {
      socket.removeAllListeners('data');
      const inner = new tls.TLSSocket(socket, { isServer: true, ...identity() });
      inner.on('error', () => {});
      inner.once('secure', () => talk(inner, afterwards));
    }
    if (begin) say(begin);
  }

  const onConnection = (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    heard.push('(connected)');
    talk(socket, greeting);
  };
  const server = secure ? tls.createServer(identity(), onConnection) : net.createServer(onConnection);
  server.on('tlsClientError', () => {});
  const port = await listen(server, host);
  return {
    port,
    heard,
    close: () => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(resolve);
    }),
  };
}

/** A web server; hits: the requests it saw. */
export async function webServer(handle, host = '127.0.0.1') {
  const hits = [];
  const server = http.createServer((request, response) => {
    hits.push(request.url);
    handle(request, response);
  });
  const port = await listen(server, host);
  return {
    port,
    hits,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}

/** One request as it stands, by hand: no fetch that would tidy it up. { status, headers, text }. */
export function ask(port, method, target, { headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path: target, headers, setHost: headers.Host === undefined, agent: false }, (response) => {
      const pieces = [];
      response.on('data', (d) => pieces.push(d));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(pieces).toString('latin1') }));
    });
    request.once('error', reject);
    request.setTimeout(15000, () => request.destroy(new Error(`${method} ${target}: no answer`)));
    request.end(body);
  });
}

/** Sends these bytes and reads until the other end says so much or closes. */
export function send(port, bytes, { ms = 5000, enough = /\r\n\r\n/ } = {}) {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    const done = () => { clearTimeout(timer); socket.destroy(); resolve(got); };
    const timer = setTimeout(done, ms);
    socket.on('data', (d) => { got += d.toString('latin1'); if (enough.test(got)) done(); });
    socket.once('close', done);
    socket.once('error', (error) => (got ? done() : reject(error)));
  });
}
