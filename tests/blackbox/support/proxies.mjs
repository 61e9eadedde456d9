// Real proxies: tinyproxy (HTTP CONNECT) and microsocks (SOCKS5), both with a sign-in. What they let through comes from FROM, so that a server can tell.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { temporary, until } from './organisation.mjs';

export const FROM = '127.0.0.9';

function freePort() {
  const probe = net.createServer();
  return new Promise((resolve) => { probe.listen(0, '127.0.0.1', () => { const { port } = probe.address(); probe.close(() => resolve(port)); }); });
}

const answers = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});

class Proxy {
  #child; #ended;

  constructor(scheme, port, command) {
    Object.assign(this, { scheme, port, command });
    this.address = `${scheme}://postroom@127.0.0.1:${port}`;
  }

  async start() {
    this.#child = spawn(this.command[0], this.command.slice(1), { stdio: 'ignore' });
    this.#ended = new Promise((resolve) => { this.#child.once('exit', resolve); this.#child.once('error', resolve); });
    await until(`${this.command[0]} to listen`, () => answers(this.port));
    return this;
  }

  /** With all its connections. */
  async stop() {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/* tinyproxy takes letters, digits, dots and dashes only. */
const PASSWORDS = { http: 'blue-whale.77', socks: 'p@ss:w/rd%41' };

/** { http, socks, connects(): targets asked of tinyproxy, close() }; user "postroom", and each proxy's `password`. */
export async function startProxies() {
  const { dir, remove } = temporary('proxies');
  const [httpPort, socksPort] = [await freePort(), await freePort()];
  const log = path.join(dir, 'tinyproxy.log');
  writeFileSync(path.join(dir, 'tinyproxy.conf'), `Port ${httpPort}\nListen 127.0.0.1\nBind ${FROM}\nTimeout 600\nMaxClients 100\nLogFile "${log}"\nLogLevel Connect\nBasicAuth postroom ${PASSWORDS.http}\n`);
  const http = await new Proxy('http', httpPort, ['tinyproxy', '-d', '-c', path.join(dir, 'tinyproxy.conf')]).start();
  const socks = await new Proxy('socks5', socksPort, ['microsocks', '-i', '127.0.0.1', '-p', String(socksPort), '-b', FROM, '-u', 'postroom', '-P', PASSWORDS.socks]).start();
  http.password = PASSWORDS.http;
  socks.password = PASSWORDS.socks;
  return {
    http, socks,
    connects: () => (existsSync(log) ? readFileSync(log, 'utf8') : '').split('\n').map((l) => /CONNECT (\S+) HTTP/.exec(l)?.[1]).filter(Boolean),
    async close() {
      await Promise.all([http.stop(), socks.stop()]);
      remove();
    },
  };
}
