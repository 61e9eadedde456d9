// The fault proxy by hand:
//
//   node dev/fault/run.mjs --to HOST:PORT [--port PORT] [--tls DIR] [--to-tls] [FAULT [KEY=VALUE…]]
//
// --tls DIR: end the client's TLS with DIR/server.key and DIR/server.pem (the sample organisation's are in its tls directory).
// --to-tls: talk TLS to the server, trusting DIR/ca.pem. FAULT: a name of dev/fault/faults.mjs, for every connection; Ctrl-C ends it.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { faults } from './faults.mjs';
import { startFaultProxy } from './proxy.mjs';

const { values, positionals: [name = 'none', ...pairs] } = parseArgs({
  allowPositionals: true,
  options: { to: { type: 'string' }, port: { type: 'string', default: '0' }, tls: { type: 'string' }, 'to-tls': { type: 'boolean', default: false } },
});
const byHand = Object.keys(faults).filter((n) => !['before', 'lines', 'flood', 'certificate'].includes(n));
if (!values.to || !byHand.includes(name) || (values['to-tls'] && !values.tls)) {
  process.stderr.write(`usage: node dev/fault/run.mjs --to HOST:PORT [--port PORT] [--tls DIR] [--to-tls] [FAULT [KEY=VALUE…]]\nfaults: ${byHand.join(' ')}\n`);
  process.exit(2);
}
const file = (n) => readFileSync(path.join(values.tls, n));
const [, host, port] = /^(.*):(\d+)$/.exec(values.to);
const options = Object.fromEntries(pairs.map((p) => p.split(/=(.*)/s)).map(([k, v]) => [k, /^-?\d+$/.test(v) ? Number(v) : v]));
const proxy = await startFaultProxy({
  to: { host, port: Number(port), ...(values['to-tls'] ? { ca: file('ca.pem') } : {}) },
  tls: values.tls ? { key: file('server.key'), cert: file('server.pem') } : null,
  port: Number(values.port),
});
proxy.always(faults[name](options));
process.stdout.write(`localhost:${proxy.port} -> ${values.to}: ${name} ${JSON.stringify(options)}\n`);
