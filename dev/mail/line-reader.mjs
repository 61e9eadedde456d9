// Reads a client's bytes for straight-line code: a line, a counted piece, or the data after SMTP's DATA. Memory is bounded.

const END_OF_DATA = Buffer.from('\r\n.\r\n');

/** Why reading ended; `kind` is 'closed', 'too-long' or 'timeout'. */
export class ReadEnd extends Error {
  constructor(kind) { super(kind); this.kind = kind; }
}

export class LineReader {
  #socket; #chunks = []; #wake = null; #ended = false; #idle; #onData; #onEnd;

  /** idle: milliseconds of silence after which reading fails. */
  constructor(socket, idle = 300000) {
    this.#idle = idle;
    this.#onData = (chunk) => { this.#chunks.push(chunk); this.#socket.pause(); this.#rouse(); };
    this.#onEnd = () => { this.#ended = true; this.#rouse(); };
    this.attach(socket);
  }

  /** Continues on another socket (after STARTTLS). Bytes read ahead are given up, as RFC 3207 demands. */
  attach(socket) {
    this.detach();
    this.#socket = socket;
    this.#chunks = [];
    socket.on('data', this.#onData);
    for (const event of ['end', 'close', 'error']) socket.on(event, this.#onEnd);
  }

  detach() {
    if (!this.#socket) return;
    this.#socket.off('data', this.#onData);
    for (const event of ['end', 'close']) this.#socket.off(event, this.#onEnd);
  }

  /** True when the client sent more than was asked for. */
  get hasMore() { return this.#chunks.some((c) => c.length > 0); }

  #rouse() { const wake = this.#wake; this.#wake = null; wake?.(); }

  async #more() {
    if (this.#ended) throw new ReadEnd('closed');
    let timer;
    const waited = new Promise((resolve, reject) => {
      this.#wake = resolve;
      timer = setTimeout(() => reject(new ReadEnd('timeout')), this.#idle);
    });
    this.#socket.resume();
    try { await waited; } finally { clearTimeout(timer); }
    if (this.#ended && !this.hasMore) throw new ReadEnd('closed');
  }

  async #chunk() {
    while (!this.hasMore) await this.#more();
    while (this.#chunks[0].length === 0) this.#chunks.shift();
    return this.#chunks.shift();
  }

  /** One line without its line end, as a latin-1 or (utf8) UTF-8 string. A longer one is read away and fails as 'too-long'. */
  async line(max, encoding = 'utf8') {
    const parts = [];
    let size = 0;
    for (;;) {
      const chunk = await this.#chunk();
      const at = chunk.indexOf(10);
      const part = at === -1 ? chunk : chunk.subarray(0, at);
      size += part.length;
      if (size <= max) parts.push(part);
      if (at === -1) continue;
      this.#chunks.unshift(chunk.subarray(at + 1));
      if (size > max) throw new ReadEnd('too-long');
      return Buffer.concat(parts).toString(encoding).replace(/\r$/, '');
    }
  }

  /** Exactly n bytes. keep=false reads them away and returns null. */
  async bytes(n, keep = true) {
    const parts = [];
    for (let left = n; left > 0;) {
      const chunk = await this.#chunk();
      const part = chunk.subarray(0, left);
      if (part.length < chunk.length) this.#chunks.unshift(chunk.subarray(part.length));
      if (keep) parts.push(part);
      left -= part.length;
    }
    return keep ? Buffer.concat(parts) : null;
  }

  /** Hands n bytes on piece by piece; `give` may return a promise to slow the sender down. */
  async pass(n, give) {
    for (let left = n; left > 0;) {
      const chunk = await this.#chunk();
      const part = chunk.subarray(0, left);
      if (part.length < chunk.length) this.#chunks.unshift(chunk.subarray(part.length));
      left -= part.length;
      await give(part);
    }
  }

  /** The message after DATA, dot-stuffing undone, or null when it has more than max bytes (it is read to its end all the same). */
  async data(max) {
    const parts = [];
    let size = 0;
    let tail = Buffer.from('\r\n'); // a message may be empty: the dot may follow the command's own line end
    for (;;) {
      const chunk = await this.#chunk();
      const joined = Buffer.concat([tail, chunk]);
      const at = joined.indexOf(END_OF_DATA);
      const keep = at === -1 ? joined.subarray(0, Math.max(0, joined.length - 4)) : joined.subarray(0, at + 2);
      size += keep.length;
      if (size <= max + 2) parts.push(keep);
      if (at !== -1) {
        this.#chunks.unshift(joined.subarray(at + END_OF_DATA.length));
        return size > max + 2 ? null : unstuff(Buffer.concat(parts)).subarray(2);
      }
      tail = Buffer.from(joined.subarray(keep.length));
    }
  }
}

/** Removes the dot that a client adds to each line that begins with one. */
function unstuff(bytes) {
  const parts = [];
  let from = 0;
  for (let at = bytes.indexOf('\r\n.'); at !== -1; at = bytes.indexOf('\r\n.', at + 3)) {
    parts.push(bytes.subarray(from, at + 2));
    from = at + 3;
  }
  if (from === 0) return bytes;
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
}
