// What can go wrong on the way. Each function answers with a maker: the fault for one connection (proxy.next, proxy.always).

const repeat = (text, length) => Buffer.alloc(length, text);

/** Cuts the bytes of one direction after `at` of them and lets `act(way)` decide how it ends. */
function after(at, side, act) {
  return () => ({
    async [side === 'server' ? 'fromServer' : 'fromClient'](piece, way) {
      const room = at - way.passed;
      if (piece.length < room) return way.give(piece);
      if (room > 0) await way.give(piece.subarray(0, room));
      return act(way, piece.subarray(Math.max(0, room)));
    },
  });
}

/**
 * Finds the responses of an IMAP server: edit(line, way) is called for each line outside literals, without its line end, and answers with
 * what goes on instead (a string or Buffer, line end included), or null for the line as it is.
 */
function lines(edit) {
  return () => {
    let partial = Buffer.alloc(0);
    let literal = 0;
    return {
      async fromServer(piece, way) {
        let rest = partial.length ? Buffer.concat([partial, piece]) : piece;
        partial = Buffer.alloc(0);
        while (rest.length) {
          if (literal > 0) {
            const part = rest.subarray(0, literal);
            literal -= part.length;
            rest = rest.subarray(part.length);
            await way.give(part);
            continue;
          }
          const end = rest.indexOf(10);
          if (end < 0) { partial = rest; return; }
          const line = rest.subarray(0, end + 1);
          rest = rest.subarray(end + 1);
          const text = line.toString('latin1').replace(/\r?\n$/, '');
          literal = Number(/\{(\d+)\}$/.exec(text)?.[1] ?? 0);
          const instead = await edit(text, way);
          if (instead === null) await way.give(line);
          else if (instead.length) await way.give(typeof instead === 'string' ? Buffer.from(instead, 'latin1') : instead);
        }
      },
    };
  };
}

/** Before the first response that `match` fits (and at that one only), `act(way, line)` has its say; it may answer with another line. */
function before(match, act) {
  return () => {
    let done = false;
    return lines(async (line, way) => {
      if (done || !match.test(line)) return null;
      done = true;
      return (await act(way, line)) ?? null;
    })();
  };
}

/** Gives `unit` again and again until so many bytes went, or the client leaves. */
async function flood(way, unit, bytes) {
  const block = Buffer.from(unit.repeat(Math.max(1, Math.floor(65536 / unit.length))), 'latin1');
  for (let sent = 0; sent < bytes; sent += block.length) await way.give(block);
}

const MEGABYTE = 1024 * 1024;
const FETCH = /^\* \d+ FETCH /;
const LITERAL = /\{(\d+)\}$/;

export const faults = {
  none: () => () => ({}),
  before,
  lines,
  flood,

  /** Each piece of either direction comes so much later. */
  delay: ({ ms = 50 } = {}) => () => {
    const late = async (piece, way) => { await way.wait(ms); await way.give(piece); };
    return { fromServer: late, fromClient: late };
  },

  /** Pieces of `size` bytes, each a segment of its own, up to `most` bytes a connection and direction. */
  segments: ({ size = 1, most = 200000 } = {}) => () => {
    const torn = async (piece, way) => {
      const room = Math.max(0, Math.min(piece.length, most - way.passed));
      for (let at = 0; at < room; at += size) await way.give(piece.subarray(at, Math.min(at + size, room)));
      if (room < piece.length) await way.give(piece.subarray(room));
    };
    return { fromServer: torn, fromClient: torn };
  },

  /** What comes within `ms` goes on in one piece. */
  coalesced: ({ ms = 30 } = {}) => () => {
    const gather = () => {
      let held = [];
      let sending = null;
      return async (piece, way) => {
        held.push(piece);
        sending ??= way.wait(ms).then(async () => {
          const all = Buffer.concat(held);
          [held, sending] = [[], null];
          await way.give(all).catch(() => {});
        });
      };
    };
    return { fromServer: gather(), fromClient: gather() };
  },

  /** After `at` bytes of one side: 'cut' (FIN, no goodbye of TLS), 'close' (in order), 'reset' (RST), 'stall' (silence). */
  cut: ({ at = 1000, side = 'server', how = 'cut' } = {}) => after(at, side, (way) => (how === 'stall' ? way.hold() : way[how]())),

  stall: ({ at = 1000, side = 'server' } = {}) => faults.cut({ at, side, how: 'stall' }),

  /** Bytes that are no IMAP, before the first FETCH response. */
  garbage: ({ bytes = 4096 } = {}) => before(FETCH, (way) => {
    const junk = Buffer.alloc(bytes);
    for (let i = 0; i < bytes; i++) junk[i] = (i * 197 + 31) & 0xff;
    return way.give(junk);
  }),

  /** A literal that is announced with `by` bytes more than come (or fewer, when negative). */
  literal: ({ by = -7 } = {}) => before(/^\* \d+ FETCH .*BODY\[\] \{\d+\}$/, (way, line) => line.replace(LITERAL, (_, n) => `{${Math.max(0, Number(n) + by)}}\r\n`)),

  /** A literal that stops in its middle: with the connection, or 'stall': with silence. */
  truncatedLiteral: ({ how = 'cut' } = {}) => before(/^\* \d+ FETCH .*BODY\[\] \{\d+\}$/, async (way, line) => {
    await way.give(Buffer.from(`${line}\r\nhalf of it`));
    await (how === 'stall' ? way.hold() : way[how]());
    return '';
  }),

  /** A literal of an absurd size, and bytes without end for it. */
  absurdLiteral: ({ size = '99999999999999999999', bytes = 32 * MEGABYTE, item = 'BODY[]' } = {}) => before(FETCH, async (way, line) => {
    await way.give(Buffer.from(`${line.split(' FETCH ')[0]} FETCH (UID 1 ${item} {${size}}\r\n`));
    await flood(way, 'all work and no play ', bytes);
  }),

  /** A line that does not end for so many bytes. */
  longLine: ({ bytes = 100 * MEGABYTE, start = '* OK ' } = {}) => before(/^\* (LIST|STATUS|FLAGS|\d+ )/, async (way) => {
    await way.give(Buffer.from(start));
    await flood(way, 'x', bytes);
    await way.give(Buffer.from('\r\n'));
  }),

  /** Responses nobody asked for, before the first that fits `when`: `unit` is one line, # in it counts up. */
  endless: ({ unit = '* OK still here', when = /^\* \d+ /, bytes = 64 * MEGABYTE } = {}) => before(when, async (way) => {
    let n = 0;
    for (let sent = 0; sent < bytes;) {
      let block = '';
      while (block.length < 65536) block += `${unit.replaceAll('#', ++n)}\r\n`;
      await way.give(Buffer.from(block, 'latin1'));
      sent += block.length;
    }
  }),

  /** Replies to commands that were never sent, and one reply twice. */
  strayReplies: () => {
    const strays = '+ go on\r\nA1 OK done\r\nP9999 OK done\r\nP4294967295 NO [ALREADYEXISTS] no\r\n* BAD what?\r\n+ \r\nP0 BAD no\r\n* 0 EXPUNGE\r\n* 4000000000 EXPUNGE\r\n* VANISHED 4294967295\r\n';
    return before(/^\* \d+ FETCH /, (way) => way.give(Buffer.from(strays)));
  },

  /** A tagged OK for every command before its data, which come afterwards: the answers are always one behind. */
  earlyReplies: () => lines((line) => (/^P\d+ OK/.test(line) ? `${line}\r\n${line}\r\n` : null)),

  // TLS; `hello` runs before any byte of the client was read.

  /** Another certificate: tls as for tls.TLSSocket. */
  certificate: (identity) => () => ({ tls: identity }),

  /** These bytes in place of a handshake: text, or a TLS alert. */
  handshake: ({ bytes = 'HTTP/1.1 400 Bad Request\r\n\r\n', end = true } = {}) => () => ({
    async hello(connection) {
      connection.raw.write(Buffer.from(bytes, 'latin1'));
      await connection.wait(end ? 100 : 1e9);
      return true;
    },
  }),

  /** Megabytes of noise in place of a handshake. */
  noise: ({ bytes = 8 * MEGABYTE } = {}) => () => ({
    async hello(connection) {
      const block = Buffer.alloc(65536, 0x16);
      for (let sent = 0; sent < bytes && connection.open; sent += block.length) await new Promise((resolve) => { connection.raw.write(block, resolve); });
      return true;
    },
  }),

  /** Accepts, and never says a word. */
  silence: () => () => ({ async hello(connection) { await connection.over; return true; } }),

  /** Accepts and hangs up: 'cut' or 'reset'. */
  hangUp: ({ how = 'cut' } = {}) => () => ({ async hello(connection) { connection.end(how === 'reset'); return true; } }),

  /** Below TLS, in a stream that is passed through: bytes that no TLS record can be, after `at` bytes of the server. */
  record: ({ at = 4000, bytes = 64 } = {}) => () => {
    const fault = after(at, 'server', async (way, rest) => { await way.give(repeat('\x17\x03\x03\x00\x20', bytes)); await way.give(rest); })();
    return { ...fault, through: true };
  },

  /** TLS 1.2, and the server wants the handshake anew in the middle of the session. Nothing must come of it but a working session, or its end. */
  renegotiation: () => () => {
    let asked = false;
    return {
      tls: { maxVersion: 'TLSv1.2' },
      async fromServer(piece, way) {
        if (!asked && way.passed > 500) {
          asked = true;
          way.connection.client.renegotiate({ rejectUnauthorized: false, requestCert: false }, () => {});
        }
        await way.give(piece);
      },
    };
  },
};

export const ALERT_HANDSHAKE_FAILURE = '\x15\x03\x03\x00\x02\x02\x28';
