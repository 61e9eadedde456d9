// A proxy that spoils connections on purpose: it stands between a program and a server, on loopback only. As it is it passes TCP through;
// with a certificate it ends TLS itself, so that bytes inside the stream can be changed, and talks to the server in the clear or by TLS.
//
//   const proxy = await startFaultProxy({ to: { port: 1143 }, tls: { key, cert } });
//   proxy.next(faults.cut({ at: 4711 }));          // the next connection; proxy.always(…) for every further one
//
// faults.mjs has the faults. What a fault may do is told at the class Way below.

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { listen } from '../mail/runtime.mjs';

const MARKS_MAX = 200000;

const write = (socket, bytes) => new Promise((resolve, reject) => {
  if (socket.destroyed || !socket.writable) reject(new Error('closed'));
  else socket.write(bytes, (error) => (error || socket.destroyed ? reject(error ?? new Error('closed')) : resolve()));
});

/** One direction of a connection, in a fault's hands: its methods fromServer(bytes, way) and fromClient(bytes, way) get what comes, piece by piece. */
class Way {
  constructor(connection, side) {
    [this.connection, this.side] = [connection, side];
    this.passed = 0; // bytes that came from this side before the present piece
  }

  get #to() { return this.side === 'server' ? this.connection.client : this.connection.server; }

  /** Hands bytes on, and waits until the kernel has them. */
  give(bytes) { return write(this.#to, bytes); }

  wait(ms) { return this.connection.wait(ms); }

  /** Says nothing more in this direction, until the connection ends. */
  hold() { return this.connection.over; }

  /** The end in order: TLS says goodbye, then FIN. */
  async close() { this.connection.client.end(); await this.connection.wait(50); this.connection.end(); }

  /** FIN in the middle of everything: no goodbye of TLS. */
  cut() { this.connection.end(); }

  /** RST. */
  reset() { this.connection.end(true); }
}

class Connection {
  #finish; #leave;

  constructor(proxy, raw, number) {
    Object.assign(this, { proxy, raw, number, client: raw, server: null, fault: null, bytes: { client: 0, server: 0 }, open: true });
    this.over = new Promise((resolve) => { this.#finish = resolve; });
    this.served = new Promise((resolve) => { this.#leave = resolve; });
    raw.on('error', () => {});
    raw.once('close', () => this.end());
    raw.setNoDelay(true);
  }

  /** Resolves after ms, or at the end of the connection. */
  async wait(ms) {
    let timer;
    await Promise.race([new Promise((go) => { timer = setTimeout(go, ms); }), this.over]);
    clearTimeout(timer);
  }

  end(reset = false) {
    if (!this.open) return;
    this.open = false;
    if (reset) this.raw.resetAndDestroy();
    else this.raw.destroy();
    this.#finish();
    if (!this.server) this.#leave();
    else if (this.proxy.lingering) this.server.end();
    else this.server.destroy();
  }

  async #secure(options) {
    const secured = new tls.TLSSocket(this.raw, { isServer: true, ...options });
    secured.on('error', () => this.end());
    await Promise.race([once(secured, 'secure'), this.over]);
    return secured;
  }

  async #dial() {
    const { host = '127.0.0.1', port, ca, servername = 'localhost' } = this.through ? this.proxy.through : this.proxy.to;
    const socket = ca ? tls.connect({ host, port, ca, servername }) : net.connect(port, host);
    this.server = socket;
    socket.on('error', () => this.end());
    socket.once('close', () => { this.#leave(); if (!this.ending) this.end(); });
    await Promise.race([once(socket, ca ? 'secureConnect' : 'connect'), this.over]);
    socket.setNoDelay?.(true);
  }

  async #pump(side, from, to) {
    const way = new Way(this, side);
    const work = this.fault[side === 'server' ? 'fromServer' : 'fromClient'];
    const keep = this.proxy.recording ? this.record(side) : null;
    const heardOut = side === 'server' && this.proxy.lingering;
    for await (const piece of from) {
      if (this.hushed) await this.over;
      if (!this.open && heardOut) continue;
      if (!this.open) return;
      keep?.(piece);
      try {
        if (work) await work.call(this.fault, piece, way);
        else await way.give(piece);
      } catch (error) {
        if (this.open || !heardOut) throw error;
      }
      way.passed += piece.length;
      this.bytes[side] += piece.length;
    }
    this.ending = true;
    to.end();
  }

  /** Remembers where lines end (pieces, below TLS): the boundaries around which cuts are worth most. */
  record(side) {
    const marks = (this.marks ??= { client: [], server: [] })[side];
    let at = 0;
    return (piece) => {
      if (this.proxy.tls === null && marks.length < MARKS_MAX) marks.push(at + piece.length);
      else for (let i = piece.indexOf(10); i >= 0 && marks.length < MARKS_MAX; i = piece.indexOf(10, i + 1)) marks.push(at + i + 1);
      at += piece.length;
    };
  }

  async run() {
    try {
      this.fault = this.proxy.take(this);
      if (await this.fault.hello?.(this)) return;
      this.through = Boolean(this.fault.through && this.proxy.through);
      if (this.proxy.tls && !this.through) this.client = await this.#secure({ ...this.proxy.tls, ...this.fault.tls });
      if (!this.open) return;
      await this.#dial();
      if (this.open) await this.fault.begin?.(this);
      if (!this.open) return void this.server.destroy(); // nobody reads what it says
      await Promise.all([this.#pump('server', this.server, this.client), this.#pump('client', this.client, this.server)]);
    } catch (error) { this.why = error; } finally {
      this.end();
    }
  }
}

export class FaultProxy {
  #next = []; #always = () => ({}); #count = 0;

  constructor({ to, through, tls: identity, recording, lingering }) {
    Object.assign(this, { to, through, tls: identity, recording, lingering, connections: [] });
  }

  /** The next connections, one each. A fault is made anew for every connection: give the function that makes it. */
  next(...makers) { this.#next.push(...makers); }

  /** Every connection that has none of its own; without argument: none. Those named by next() before are forgotten. */
  always(maker = () => ({})) { this.#always = maker; this.#next = []; }

  /** How many of those named by next() have not been used. */
  get waiting() { return this.#next.length; }

  take(connection) { return (this.#next.shift() ?? this.#always)(connection); }

  /** Ends what is open. */
  drop(reset = false) { for (const connection of this.connections) connection.end(reset); }

  /** From now on nothing comes through on what is open, either way, and nobody is told: as where a line was cut. */
  hush() { for (const connection of this.connections) connection.hushed = true; }

  /** The server has done with what it was asked on connections that ended. */
  served() { return Promise.all(this.connections.filter((c) => !c.open).map((c) => c.served)); }

  get open() { return this.connections.filter((c) => c.open).length; }

  accept(socket) {
    const connection = new Connection(this, socket, ++this.#count);
    this.connections.push(connection);
    if (this.connections.length > 1000) this.connections = this.connections.filter((c) => c.open || c.number > this.#count - 500);
    connection.run();
  }
}

/**
 * to: { port, host?, ca?: PEM (TLS to the server), servername? }. tls: { key, cert, … } of tls.TLSSocket to end the client's TLS here, or
 * null to pass TCP through. through: { port, host? } of the server's own TLS, for faults below TLS. recording: remember where lines end, per connection, as connection.marks.{client, server}.
 * lingering: the server is heard out when the client's connection ends, so that served() tells when it has done; else it is left at once.
 * Returns a FaultProxy with port and close().
 */
export async function startFaultProxy({ to, through = null, tls: identity = null, port = 0, recording = false, lingering = false }) {
  const proxy = new FaultProxy({ to, through, tls: identity, recording, lingering });
  const server = net.createServer({ noDelay: true }, (socket) => proxy.accept(socket));
  proxy.port = await listen(server, port);
  proxy.close = () => new Promise((done) => { server.close(done); proxy.drop(); });
  return proxy;
}
