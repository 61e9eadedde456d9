// A small internet on loopback: a name server with a zone of its own, and a proxy by which its addresses lead to local ports. So names, SRV and MX
// records and https at port 443 can be had without leaving the machine.

import dgram from 'node:dgram';
import http from 'node:http';
import net from 'node:net';

const TYPES = { A: 1, MX: 15, AAAA: 28, SRV: 33 };

function readName(packet, at) {
  const labels = [];
  while (packet[at] !== 0) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + packet[at]));
    at += packet[at] + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

const name = (text) => Buffer.concat([...text.split('.').filter(Boolean).map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);
const u16 = (...numbers) => Buffer.from(numbers.flatMap((n) => [n >> 8, n & 255]));

const DATA = {
  A: (address) => Buffer.from(address.split('.').map(Number)),
  MX: ({ priority, host }) => Buffer.concat([u16(priority), name(host)]),
  SRV: ({ priority = 0, weight = 0, port, host }) => Buffer.concat([u16(priority, weight, port), name(host)]),
};

/** zone: { 'host.example': { A: ['192.0.2.1'], MX: [{ priority, host }], SRV: [{ port, host }] } }. { address, asked: names, close() } */
export async function startNameServer(zone) {
  const socket = dgram.createSocket('udp4');
  const asked = [];
  socket.on('message', (packet, from) => {
    const { name: host, end } = readName(packet, 12);
    const type = Object.keys(TYPES).find((key) => TYPES[key] === packet.readUInt16BE(end));
    asked.push(`${type} ${host}`);
    const records = zone[host]?.[type] ?? [];
    const answers = records.map((record) => { const data = DATA[type](record); return Buffer.concat([u16(0xc00c, TYPES[type], 1, 0, 60, data.length), data]); });
    const code = zone[host] ? 0 : 3;
    const head = Buffer.concat([packet.subarray(0, 2), u16(0x8180 | code, 1, answers.length, 0, 0)]);
    socket.send(Buffer.concat([head, packet.subarray(12, end + 4), ...answers]), from.port, from.address);
  });
  await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${socket.address().port}`, asked, close: () => new Promise((resolve) => socket.close(resolve)) };
}

/** A proxy (CONNECT) to nothing but these: { '192.0.2.1:443': local port }. { address, asked, close() } */
export async function startGateway(ports) {
  const asked = [];
  const open = new Set();
  const server = http.createServer((request, response) => response.writeHead(405).end());
  server.on('connect', (request, client) => {
    asked.push(request.url);
    const port = ports[request.url];
    if (!port) return client.end('HTTP/1.1 502 Nothing there\r\n\r\n');
    const there = net.connect(port, '127.0.0.1', () => { client.write('HTTP/1.1 200 OK\r\n\r\n'); there.pipe(client).pipe(there); });
    for (const socket of [client, there]) {
      open.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${server.address().port}`, asked, close: () => new Promise((resolve) => { for (const socket of open) socket.destroy(); server.close(resolve); }) };
}
