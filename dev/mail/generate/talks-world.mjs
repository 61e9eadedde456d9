// Conversations in German, Turkish, Ukrainian, Hebrew and Chinese, in the charsets that the programs there still use.
// Same form as talks-english.mjs; lang and charset beside. cte: '8bit', 'quoted-printable' or 'base64'.

export const worldTalks = [
  { lang: 'de', charset: 'iso-8859-1', cte: 'quoted-printable', subject: 'Angebot für Prüfleuchten, Größe M', with: ['hoelzl', 'anna', 'jonas'], day: 4, flagged: true, messages: [
    ['hoelzl', 0, 'Sehr geehrte Frau Berg,\n\nfür unsere neue Montagelinie benötigen wir zwölf Prüfleuchten in der Größe M, möglichst mit Kugelgelenk. Könnten Sie uns bis Freitag ein Angebot schicken? Wichtig ist uns die Lieferzeit: Anfang März müssen die Plätze ausgerüstet sein.\n\nMit freundlichen Grüßen\nJürgen Hölzl'],
    ['anna', 5, 'Sehr geehrter Herr Hölzl,\n\nvielen Dank für Ihre Anfrage. Zwölf Leuchten mit Kugelgelenk können wir in fünf Wochen liefern; das Angebot finden Sie im Anhang. Herr Weber aus unserem Münchner Büro kommt gern für eine Vorführung vorbei.\n\nMit freundlichen Grüßen\nAnna Berg'],
    ['jonas', 2, 'Guten Tag Herr Hölzl,\n\nich wäre am Dienstag ohnehin in Rosenheim. Passt Ihnen zehn Uhr? Ich bringe zwei Muster mit.\n\nViele Grüße\nJonas Weber'],
    ['hoelzl', 20, 'Guten Tag Herr Weber,\n\nDienstag um zehn passt gut. Bitte melden Sie sich an der Pforte Süd.\n\nGrüße\nJ. Hölzl'],
  ], attach: { at: 1, kind: 'pdf', name: 'Angebot Prüfleuchten Größe M (Entwurf für Hölzl).pdf' } },
  { lang: 'de', charset: 'utf-8', cte: '8bit', subject: 'Rückfrage zur Rechnung 2026-0881', with: ['grete', 'anna'], day: 16, messages: [
    ['grete', 0, 'Guten Tag,\n\nauf der Rechnung 2026-0881 fehlt unsere Bestellnummer. Ohne sie darf die Stadtkasse leider nichts überweisen. Bitte schicken Sie uns eine berichtigte Ausfertigung.\n\nFreundliche Grüße\nGrete Müßig'],
    ['anna', 3, 'Guten Tag Frau Müßig,\n\nselbstverständlich, die berichtigte Rechnung geht heute noch an Sie.\n\nFreundliche Grüße\nAnna Berg'],
    ['grete', 22, 'Herzlichen Dank, so ging es ja schneller als bei uns im Haus.'],
  ] },
  { lang: 'tr', charset: 'windows-1254', cte: '8bit', subject: 'Örnek lambalar ve fiyat listesi', with: ['mehmet', 'anna', 'elif'], day: 6, messages: [
    ['mehmet', 0, 'Merhaba Anna Hanım,\n\nİstanbul fuarında gördüğümüz lambalar için bayi fiyat listesini rica ediyoruz. İlk sipariş için on beş adet düşünüyoruz; ışık şiddeti ayarlanabilir olmalı.\n\nSaygılarımla,\nMehmet Şahin\nIşık Dağıtım A.Ş.'],
    ['anna', 4, 'Merhaba Mehmet Bey,\n\nFiyat listesi ektedir. On beş adetlik ilk sipariş için yüzde sekiz indirim yapabiliriz. Ayrıntıları çalışma arkadaşım Elif Hanım sizinle görüşecek.\n\nSaygılar,\nAnna'],
    ['elif', 2, 'Merhaba Mehmet Bey,\n\nPerşembe günü öğleden sonra sizi arayabilir miyim? Gümrük belgeleri hakkında birkaç sorum var.\n\nElif Yıldız'],
    ['mehmet', 19, 'Tabii, saat üçten sonra müsaitim. Görüşmek üzere.'],
  ], attach: { at: 1, kind: 'csv', name: 'bayi-fiyat-listesi-şubat.csv' } },
  { lang: 'tr', charset: 'windows-1254', cte: 'base64', subject: 'Ödeme dekontu', with: ['ayse', 'anna'], day: 27, messages: [
    ['ayse', 0, 'Sayın Anna Berg,\n\n2026-0904 numaralı faturanın ödemesi bugün yapılmıştır. Dekont ektedir, bilgilerinize sunarız.\n\nİyi çalışmalar,\nAyşe Gündoğdu\nMuhasebe'],
  ], attach: { at: 0, kind: 'pdf', name: 'ödeme-dekontu-2026-0904.pdf' } },
  { lang: 'uk', charset: 'koi8-u', cte: '8bit', subject: 'Лампи для реставраційної майстерні', with: ['oksana', 'anna', 'dmytro'], day: 8, messages: [
    ['oksana', 0, 'Доброго дня, пані Анно!\n\nНаш музей отримав грант на обладнання реставраційної майстерні. Нам потрібні чотири лампи з боковим світлом та дві лупи з підсвіткою. Чи можете надіслати пропозицію українською або англійською мовою?\n\nЗ повагою,\nОксана Шевченко'],
    ['anna', 6, 'Доброго дня, пані Оксано!\n\nЩиро вітаю з грантом. Пропозицію надішлю до п’ятниці. Дмитро допоможе з усіма технічними питаннями.\n\nЗ повагою,\nАнна Берг'.replace(/’/g, "'")],
    ['dmytro', 3, 'Пані Оксано, чи потрібне живлення від батареї? Якщо у вас бувають відключення світла, раджу варіант із запасом на вісім годин.'],
    ['oksana', 17, 'Так, батарея нам дуже потрібна, ви вгадали. Дякую за пораду!'],
  ] },
  { lang: 'uk', charset: 'windows-1251', cte: 'quoted-printable', subject: 'Договір на постачання: зауваження юристів', with: ['ivan', 'anna'], day: 33, messages: [
    ['ivan', 0, 'Вітаю!\n\nНаші юристи мають два зауваження до договору: пункт 4.2 (строк поставки) та пункт 7 (гарантія). Виправлений текст додаю. Якщо погоджуєтесь, підпишемо цього тижня.\n\nІван Петренко'],
    ['anna', 28, 'Вітаю, Іване!\n\nОбидві правки приймаємо. Надішліть, будь ласка, два примірники.\n\nАнна'],
  ], attach: { at: 0, kind: 'docx', name: 'Договір постачання (редакція 2).docx' } },
  { lang: 'he', charset: 'windows-1255', cte: '8bit', subject: 'בדיקת מנורות במעבדה', with: ['yael', 'anna'], day: 7, unread: 1, messages: [
    ['yael', 0, 'שלום אנה,\n\nקיבלנו את המנורות אתמול. המדידה הראשונה מראה 4,980 קלווין, בדיוק כפי שהובטח. האם אפשר להזמין עוד שלוש יחידות עד סוף החודש?\n\nבברכה,\nיעל כהן'],
    ['anna', 4, 'שלום יעל,\n\nבהחלט. שלוש יחידות יוצאות ביום ראשון עם הארבורליין. נועה תשלח לך את מספר המשלוח.\n\nבברכה,\nאנה'],
    ['yael', 21, 'תודה רבה! אגב, הסטודנטים שלי שואלים אם יש מדריך באנגלית לכיול.'],
  ] },
  { lang: 'he', charset: 'utf-8', cte: 'base64', subject: 'הצעת מחיר לארכיון: 6 מנורות NL-2', with: ['dudi', 'anna', 'noa'], day: 20, messages: [
    ['dudi', 0, 'שלום רב,\n\nהארכיון מבקש הצעת מחיר לשש מנורות מדגם NL-2 כולל משלוח לירושלים. נא לציין זמן אספקה ואחריות.\n\nתודה,\nדוד לוי'],
    ['anna', 5, 'שלום דוד,\n\nההצעה מצורפת: אספקה תוך ארבעה שבועות, אחריות לחמש שנים. נועה מטפלת במשלוח.\n\nבברכה,\nאנה ברג'],
    ['noa', 2, 'דוד שלום, המשלוח יגיע לנמל חיפה ומשם במשאית עד הארכיון. אעדכן אותך יומיים מראש.\n\nנועה'],
  ], attach: { at: 1, kind: 'pdf', name: 'הצעת מחיר 6 מנורות.pdf' } },
  { lang: 'zh', charset: 'gb18030', cte: 'base64', subject: '关于第三批镜片的交货时间', with: ['wang', 'anna', 'lin'], day: 3, style: 'html', messages: [
    ['wang', 0, 'Anna 您好：\n\n第三批镜片共 2400 片已经通过检验，预计下周三从深圳发货。检验报告请见附件。\n\n另外，春节期间工厂放假两周，请尽早确认三月的订单数量。\n\n此致\n敬礼\n王磊'],
    ['anna', 7, '王先生您好：\n\n收到，谢谢。三月我们需要 3000 片，其中 600 片请用新的镀膜。\n\n从今天起，采购方面由林悦负责，请以后抄送给她。\n\nAnna'],
    ['wang', 14, '没有问题。新镀膜的样品会随这批货一起寄出。欢迎林女士！\n\n王磊'],
  ], attach: { at: 0, kind: 'csv', name: '第三批镜片检验报告.csv' } },
  { lang: 'zh', charset: 'gbk', cte: '8bit', subject: '付款通知与发票', with: ['zhou', 'anna'], day: 24, messages: [
    ['zhou', 0, '您好：\n\n贵公司 10 月份的货款已经到账，谢谢。增值税发票请见附件，如有疑问请随时联系。\n\n周婷\n财务部'],
    ['anna', 20, '收到了，谢谢周女士。'],
  ], attach: { at: 0, kind: 'pdf', name: '增值税发票-十月.pdf' } },
  { lang: 'zh-tw', charset: 'big5', cte: '8bit', subject: '樣品測試結果', with: ['chen', 'anna'], day: 11, messages: [
    ['chen', 0, 'Anna 您好：\n\n貴公司的樣品已經測試完畢，結果比我們預期的還要好。色溫穩定，亮度均勻。我們希望先訂購二十台，請問最快什麼時候可以出貨？\n\n陳美玲'],
    ['anna', 6, '陳小姐您好：\n\n二十台可以在三個星期內出貨。報價單明天寄給您。\n\nAnna'],
    ['chen', 19, '太好了，謝謝！'],
  ] },
];

/** Everyday notes: [lang, charset, cte, writer, subject, text]; {n} is a number. */
export const worldNotes = [
  ['de', 'iso-8859-1', '8bit', 'hoelzl', 'Lieferschein {n} unvollständig', 'Guten Tag Frau Berg,\n\nin der Lieferung {n} fehlte eine Netzleitung. Bitte schicken Sie sie nach, es eilt nicht.\n\nSchöne Grüße\nJ. Hölzl'],
  ['de', 'utf-8', 'quoted-printable', 'jonas', 'Besuchsbericht {n}', 'Hallo Anna,\n\nkurz zum Besuch: Das Archiv möchte drei Leuchten über Ostern ausprobieren. Größter Wunsch wäre eine leisere Kühlung, die Lüfter stören im Lesesaal.\n\nJonas'],
  ['tr', 'windows-1254', 'quoted-printable', 'mehmet', 'Sipariş {n} hakkında', 'Merhaba,\n\n{n} numaralı sipariş gümrükten çıktı, yarın depomuzda olacak. Teşekkür ederiz.\n\nMehmet Şahin'],
  ['tr', 'utf-8', '8bit', 'elif', 'İş ortakları toplantısı {n}', 'Anna, İzmir’deki toplantı çok iyi geçti. İki yeni iş ortağı eğitim istiyor; ıslak numune testini de görmek istediler. Ayrıntıları yarın anlatırım.\n\nElif'],
  ['uk', 'koi8-u', '8bit', 'ivan', 'Рахунок {n}', 'Доброго дня!\n\nРахунок {n} сплачено сьогодні. Чекаємо на відвантаження.\n\nІван Петренко'],
  ['uk', 'windows-1251', '8bit', 'oksana', 'Фотографії з майстерні {n}', 'Пані Анно, надсилаю вітання з майстерні. Лампи працюють чудово, реставратори дуже задоволені.\n\nОксана'],
  ['he', 'windows-1255', '8bit', 'yael', 'שאלה על מנורה {n}', 'שלום אנה,\n\nבמנורה {n} הכפתור קצת רופף. האם אפשר להחליף אותו כאן במעבדה?\n\nיעל'],
  ['he', 'utf-8', '8bit', 'noa', 'משלוח {n} יצא לדרך', 'שלום אנה,\n\nמשלוח {n} יצא היום מהמחסן ויגיע ביום חמישי.\n\nנועה'],
  ['zh', 'gbk', 'base64', 'zhou', '订单 {n} 已发货', '您好：\n\n订单 {n} 今天已经发货，快递单号稍后发给您。\n\n周婷'],
  ['zh', 'gb18030', '8bit', 'wang', '镀膜样品 {n}', 'Anna 您好：\n\n编号 {n} 的镀膜样品已经寄出，请查收后告诉我测试结果。\n\n王磊'],
  ['zh-tw', 'big5', 'base64', 'chen', '訂單 {n} 確認', 'Anna 您好：\n\n訂單 {n} 已經確認，謝謝您的協助。\n\n陳美玲'],
];
