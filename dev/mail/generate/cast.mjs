// Who writes to Northlight Optics, makers of inspection lamps for conservators, laboratories and watchmakers.

import { people } from '../../people.mjs';

const outside = (name, address, extra = {}) => ({ name, address: `${address}.elsewhere.example`, ...extra });
const inside = (first) => {
  const person = people.find((p) => p.upn.startsWith(`${first}.`) || p.mail.startsWith(`${first}.`));
  return { name: person.name, address: person.mail, person };
};

export const cast = {
  anna: inside('anna'), james: inside('james'), maeve: inside('maeve'), jonas: inside('jonas'), lin: inside('lin'),
  dmytro: inside('dmytro'), elif: inside('elif'), noa: inside('noa'), sam: inside('sam'),
  workshop: { name: 'Lampworks Workshop', address: 'workshop@lampworks.example', person: people.find((p) => p.flags.plain) },
  tom: outside('Tom Whitfield', 'tom@whitfield-conservation'),
  priya: outside('Priya Raman', 'p.raman@citymuseum'),
  beatrice: outside('Beatrice Alder', 'beatrice.alder@alder-watches'),
  henrik: outside('Henrik Lund', 'henrik.lund@nordlab'),
  hoelzl: outside('Jürgen Hölzl', 'j.hoelzl@hoelzl-feinmechanik', { offset: 1 }),
  grete: outside('Grete Müßig', 'einkauf@stadtarchiv-augsburg', { offset: 1 }),
  wang: outside('王磊', 'wang.lei@gm-optics', { offset: 8 }),
  zhou: outside('周婷', 'zhou.ting@gm-optics', { offset: 8 }),
  chen: outside('陳美玲', 'meiling.chen@taipei-lens', { offset: 8 }),
  mehmet: outside('Mehmet Şahin', 'mehmet@isik-dagitim', { offset: 3 }),
  ayse: outside('Ayşe Gündoğdu', 'muhasebe@isik-dagitim', { offset: 3 }),
  oksana: outside('Оксана Шевченко', 'oksana@lviv-museum', { offset: 2 }),
  ivan: outside('Іван Петренко', 'petrenko@kyiv-optyka', { offset: 2 }),
  yael: outside('יעל כהן', 'yael@haifa-lab', { offset: 2 }),
  dudi: outside('דוד לוי', 'david@jerusalem-archive', { offset: 2 }),
  list: outside('Conservation Lighting', 'lighting@lists.conservators'),
};

/** How each language introduces a quotation; {date} and {name} are filled in. */
export const attribution = {
  en: 'On {date}, {name} wrote:',
  de: 'Am {date} schrieb {name}:',
  tr: '{date} tarihinde {name} şunu yazdı:',
  uk: '{date} {name} пише:',
  he: 'בתאריך {date} מאת {name}:',
  zh: '在 {date}，{name} 写道：',
  'zh-tw': '於 {date}，{name} 寫道：',
};

/** Reply and forward prefixes as the programs of each language write them. */
export const replyPrefix = { en: 'Re: ', de: 'AW: ', tr: 'YNT: ', uk: 'Re: ', he: 'Re: ', zh: '回复：', 'zh-tw': '回覆：' };
