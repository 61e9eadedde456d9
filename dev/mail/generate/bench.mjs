// Messages for benchmarks: plain, plausible, quick to make, the same every time.

const WORDS = ('lamp light panel order invoice meeting schedule sample driver colour delivery price customer museum archive bench report figure ' +
  'please thank you attached regards tomorrow week question answer quality measurement glass lens cooling fan cable power battery').split(' ');

let paragraphs = null;

/** A stock of paragraphs, made once: building each text word by word would take most of the time. */
function stock(random) {
  paragraphs ??= Array.from({ length: 64 }, () => {
    const lines = Array.from({ length: 6 }, () => Array.from({ length: 11 }, () => random.pick(WORDS)).join(' '));
    return `${lines.join('\n')}\n\n`;
  });
  return paragraphs;
}

/** One message: every eighth answers an earlier one, some carry HTML; sizes vary around the average. box: makes ids differ between folders. */
export function benchMessage({ number, date, average, random, to, box }) {
  const texts = stock(random);
  const domain = 'bench.elsewhere.example';
  const head = [
    `From: Person ${random.int(1, 400)} <p${random.int(1, 400)}@${domain}>`, `To: ${to.mail}`,
    `Subject: ${random.pick(WORDS)} ${random.pick(WORDS)} ${number}`, `Date: ${date.toUTCString().replace('GMT', '+0000')}`, `Message-ID: <bench.${box}.${number}@${domain}>`,
    ...(number % 8 === 0 && number > 20 ? [`In-Reply-To: <bench.${box}.${number - 5}@${domain}>`, `References: <bench.${box}.${number - 5}@${domain}>`] : []),
    'MIME-Version: 1.0', `Content-Type: text/${number % 5 === 0 ? 'html' : 'plain'}; charset=utf-8`, '', '',
  ].join('\n');
  const wanted = Math.floor(average * (0.3 + 1.4 * random.next()));
  let body = '';
  while (head.length + body.length < wanted) body += random.pick(texts);
  return Buffer.from(head + (number % 5 === 0 ? `<p>${body}</p>\n` : body));
}
