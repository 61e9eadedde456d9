// Delivers mail as another server would: by LMTP (RFC 2033), one connection for each.

import net from 'node:net';
import { once } from 'node:events';

/** fields: further header lines, each with its CRLF. Resolves when the server has taken it. */
export async function deliver(port, to, subject, body = 'Short.\r\n', { from = 'sender@elsewhere.example', fields = '' } = {}) {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const lines = [`LHLO localhost`, `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA',
    `From: Sender <${from}>\r\nTo: <${to}>\r\n${fields}Subject: ${subject}\r\nMessage-ID: <${encodeURIComponent(subject)}@elsewhere.example>\r\nDate: ${new Date().toUTCString()}\r\n\r\n${body}.`];
  let text = '';
  socket.setEncoding('latin1');
  for await (const piece of socket) {
    text += piece;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (!/^\d{3} /.test(line)) continue;
      if (!/^[23]/.test(line)) throw new Error(`the delivery was refused: ${line}`);
      const next = lines.shift();
      if (next === undefined) { socket.destroy(); return; }
      socket.write(`${next}\r\n`);
    }
  }
  throw new Error('the delivery was cut off');
}
