// A conversation that has something of everything, for the story in the browser and for pictures of it.

import { filePart, message, multipart, textPart } from '../../../dev/mail/generate/mime.mjs';
import { barChart, beam } from '../../../dev/mail/generate/png.mjs';

export const SUBJECT = 'NL-3 bench test: first photographs';
export const PROTOCOL = Buffer.concat([Buffer.from('%PDF-1.4\n%âãÏÓ\n', 'latin1'), Buffer.alloc(48_000, 'bench test ')]);

/** Maeve asks, James shows: HTML, a picture and a chart inside the text, a remote picture (at the server web), two files. Two messages as bytes. */
export function benchTalk(web) {
  const at = (minutes) => new Date(Date.now() - minutes * 60e3).toUTCString().replace('GMT', '+0000');
  const ask = message(['From: Maeve O\'Neill <maeve.oneill@northlight.example>', 'To: James Okafor <james.okafor@northlight.example>', 'Cc: Anna Berg <anna.berg@northlight.example>',
    `Subject: ${SUBJECT}`, `Date: ${at(190)}`, 'Message-ID: <bench-1@northlight.example>'],
  textPart('Hello James,\n\nis there a photograph of the NL-3 beam that I may show to the printer on Monday? Anna wants it on the title page.\n\nMaeve'));
  const html = `<html><body style="font-family:Segoe UI,Arial,sans-serif;font-size:15px"><p>Hi Maeve, hi Anna,</p>
<p>here is the <b>NL-3 at 50&nbsp;cm</b>, straight from the bench. No filter, no retouching:</p><p><img src="cid:beam@northlight.example" width="440" alt="The beam"></p>
<table cellpadding="6" style="border-collapse:collapse"><tr><th align="left">Measured</th><th align="right">NL-2</th><th align="right">NL-3</th></tr>
<tr><td style="border-top:1px solid #ccd">Illuminance</td><td align="right" style="border-top:1px solid #ccd">1,850 lx</td><td align="right" style="border-top:1px solid #ccd">2,420 lx</td></tr>
<tr><td style="border-top:1px solid #ccd">Colour temperature</td><td align="right" style="border-top:1px solid #ccd">5,010 K</td><td align="right" style="border-top:1px solid #ccd">4,990 K</td></tr></table>
<p>Twelve heads of batch 47, one bar each:</p><p><img src="cid:chart@northlight.example" alt="Twelve heads"></p><p>The protocol is attached. A wider shot is on the web: <br><img src="${web}/wide.png" width="560" height="150" alt="Wide shot"></p><p>James</p></body></html>`;
  const inline = (name, bytes) => filePart({ name: `${name}.png`, type: 'image/png', bytes, cid: `${name}@northlight.example`, inline: true });
  const related = multipart('related', [textPart(html, { type: 'text/html', encoding: 'quoted-printable' }), inline('beam', beam(440, 190, [255, 226, 170])),
    inline('chart', barChart([0.71, 0.74, 0.69, 0.78, 0.8, 0.77, 0.82, 0.75, 0.79, 0.84, 0.81, 0.86], [53, 86, 200]))], 'rel1', ' type="text/html";');
  const body = multipart('alternative', [textPart('Hi Maeve, hi Anna,\n\nthe photographs are in the HTML part.\n\nJames'), related], 'alt1');
  const root = multipart('mixed', [body, filePart({ name: 'NL-3 bench protocol.pdf', type: 'application/pdf', bytes: PROTOCOL }),
    filePart({ name: 'Messwerte Größe M.csv', type: 'text/csv', bytes: Buffer.from('head;lux\n1;2410\n2;2425\n') })], 'mix1');
  const show = message(['From: James Okafor <james.okafor@northlight.example>', 'To: Maeve O\'Neill <maeve.oneill@northlight.example>, Anna Berg <anna.berg@northlight.example>',
    `Subject: Re: ${SUBJECT}`, `Date: ${at(35)}`, 'Message-ID: <bench-2@northlight.example>', 'In-Reply-To: <bench-1@northlight.example>', 'References: <bench-1@northlight.example>'], root);
  return [ask, show];
}
