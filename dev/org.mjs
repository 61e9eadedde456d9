// The sample organisation as a command. `node dev/org.mjs --help` says what it does; dev/README.md says more.

import { parseArgs } from 'node:util';

const USAGE = `usage: node dev/org.mjs up --dir DIR [--mails N] [--port FIRST] [--quota KIB] [--exit-with-stdin]
       node dev/org.mjs mailbox --dir DIR --person ADDRESS --messages N [--avg-size BYTES] [--folder NAME] [--attachments SHARE] [--large N]
       node dev/org.mjs deliver --dir DIR --to ADDRESS [--folder NAME] FILE...
       node dev/org.mjs corpus --dir DIR --to ADDRESS [--folder NAME] CORPUS-DIR...

up       starts identity provider, mail server and fronts, writes DIR/org.json, runs until SIGTERM, SIGINT or (flag) the end of stdin
mailbox  adds N made-up messages to a mailbox, for benchmarks; SHARE of them with an attachment (0.14); with --large so many of them of 64 MB
deliver  puts files, each one message, into a mailbox
corpus   puts every message of a test corpus (see its MANIFEST.tsv), mboxes taken apart, into a mailbox
`;

const OPTIONS = {
  dir: { type: 'string' }, mails: { type: 'string' }, port: { type: 'string' }, quota: { type: 'string' }, 'exit-with-stdin': { type: 'boolean' }, person: { type: 'string' },
  messages: { type: 'string' }, 'avg-size': { type: 'string' }, folder: { type: 'string' }, large: { type: 'string' }, attachments: { type: 'string' }, to: { type: 'string' }, help: { type: 'boolean', short: 'h' },
};

class Usage extends Error {}

function number(values, name, fallback, least = 0) {
  const value = values[name] === undefined ? fallback : Number(values[name]);
  if (!Number.isInteger(value) || value < least) throw new Usage(`--${name} needs a whole number from ${least}`);
  return value;
}

function share(values, name) {
  if (values[name] === undefined) return undefined;
  const value = Number(values[name]);
  if (!(value >= 0 && value < 1)) throw new Usage(`--${name} needs a number from 0, below 1`);
  return value;
}

function need(values, name) {
  if (!values[name]) throw new Usage(`--${name} is missing`);
  return values[name];
}

/** Resolves when the organisation shall end. Listens from the first moment, so that an early signal ends a start in order, too. */
function untilTold(withStdin) {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => resolve(null));
    if (withStdin) {
      process.stdin.on('data', () => {});
      for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => resolve(null));
    }
  });
}

async function up(values) {
  const { startOrganisation } = await import('./mail/organisation.mjs');
  const dir = need(values, 'dir');
  const told = untilTold(values['exit-with-stdin']);
  const org = await startOrganisation({ dir, mails: number(values, 'mails', 420), port: number(values, 'port', 0), quota: number(values, 'quota', 0) });
  const { authority, imap, smtp } = org.json;
  process.stdout.write(`sample organisation ready: ${dir}/org.json (sign-in ${authority}, IMAP ${imap.host}:${imap.port}, SMTP ${smtp.host}:${smtp.port})\n`);
  const complaint = await Promise.race([told, org.dovecot.gone.then(() => 'Dovecot ended by itself')]);
  await org.close();
  if (complaint) throw new Error(complaint);
}

async function main(argv) {
  const { values, positionals: [command, ...files] } = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
  if (values.help || command === 'help') { process.stdout.write(USAGE); return; }
  if (command === 'up') { await up(values); return; }
  const commands = await import('./mail/commands.mjs');
  if (command === 'mailbox') {
    await commands.fillMailbox({ dir: need(values, 'dir'), address: need(values, 'person'), messages: number(values, 'messages', NaN, 1), average: number(values, 'avg-size', 12000, 600), folder: values.folder, attachments: share(values, 'attachments'), large: number(values, 'large', 0) });
  } else if (command === 'deliver' || command === 'corpus') {
    if (!files.length) throw new Usage(command === 'deliver' ? 'no file given' : 'no directory given');
    const deliver = command === 'deliver' ? commands.deliverFiles : commands.deliverCorpus;
    await deliver({ dir: need(values, 'dir'), address: need(values, 'to'), folder: values.folder, files });
  } else throw new Usage(command ? `unknown command ${command}` : 'no command given');
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  const wrongUse = error instanceof Usage || error.code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`org: ${error.message}\n${wrongUse ? USAGE : ''}`);
  process.exit(wrongUse ? 2 : 1);
}
