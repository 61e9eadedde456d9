// Conversations in English. Each: who takes part, when it began (days before the newest mail), and what was said.
// A message is [writer, hours after the one before, text]. `to` defaults to the other people in `with`.

export const englishTalks = [
  { subject: 'Raking light kit for the Dutch panels', with: ['priya', 'anna'], day: 2, flagged: true, style: 'html', messages: [
    ['priya', 0, 'Dear Anna,\n\nWe are about to examine three Dutch panels (c. 1640) and would like to borrow or buy the raking light kit you showed at the fair. The gallery is cold, about 14 °C, and we may not exceed 50 lux on the surface for longer than ten minutes.\n\nCould the two-lamp version be set that low without flicker? We will be filming.\n\nWith best wishes,\nPriya'],
    ['anna', 3, 'Dear Priya,\n\nYes: the NL-2 goes down to 5 lux at one metre, and the driver runs at 32 kHz, so a camera sees no flicker at any shutter speed up to 1/2000.\n\nI can lend you our demonstration pair from Monday for two weeks. If you keep it, we take the loan off the price.\n\nAnna'],
    ['priya', 20, 'That is generous, thank you. Monday suits us. Please mark the parcel for the conservation studio, door C, otherwise it spends a week with the gift shop.\n\nOne more question: does the diffuser come off? Our photographer prefers a harder edge.'],
    ['anna', 2, 'It does; one magnet, no tools. I will put a second, narrower one in the box.\n\nJames is sending it today by Harborline, you will get the tracking number from him.'],
    ['priya', 26, 'It arrived, and it is lovely. The panel makers\' tool marks stand out as never before. I attach a first photograph; please do not publish it yet.'],
  ], attach: { at: 4, kind: 'photo', name: 'panel-2-raking.png' } },
  { subject: 'Repair of two NL-1 heads, serial 20417 and 20433', with: ['tom', 'anna', 'james'], day: 5, messages: [
    ['tom', 0, 'Hello Anna,\n\ntwo of our heads have started to flicker when warm. Both are from the 2021 batch. Are they still under the five-year guarantee?\n\nTom'],
    ['anna', 1, 'Hello Tom, they are, until next March. James, can we send Tom two loan heads today?'],
    ['james', 2, 'Two loan heads are packed, they leave with the four o\'clock van. Tom, please use the same box to return the old ones; the label is inside.'],
    ['tom', 24, 'Loan heads arrived before breakfast. Old ones are on their way to you. Thank you both, that is what I call service.'],
    ['james', 70, 'Found it: a dry joint at the thermistor on both. Replaced, aged for 48 hours at 40 °C, no flicker. They go back to you tomorrow, no charge.'],
  ] },
  { subject: 'Price list 2027: second draft', with: ['james', 'anna', 'maeve', 'jonas'], day: 1, unread: 2, style: 'html', messages: [
    ['james', 0, 'All,\n\nhere is the second draft. Lamp heads +3.5 %, drivers unchanged, cases +6 % (the foam supplier again). Please shout by Thursday if something looks wrong.\n\nJames'],
    ['jonas', 4, 'For Germany I would keep the NL-1 under 500 EUR including VAT. At 503 we drop out of three framework contracts. Could we round down?'],
    ['anna', 1, 'I agree with Jonas. We lose 4 EUR per lamp and keep the city archives.'],
    ['maeve', 2, 'The new product photographs will be ready for the printed list on the 28th. I need final numbers two days before that.'],
    ['james', 3, 'NL-1 at 499 it is. Third and final draft tonight.'],
  ], attach: { at: 0, kind: 'csv', name: 'price-list-2027-draft2.csv' } },
  { subject: 'Harborline: pickup on Friday is too late', with: ['james', 'noa', 'anna'], day: 9, messages: [
    ['james', 0, 'Hi Noa,\n\nthe container for Haifa closes on Thursday at noon. Can the pickup be moved to Wednesday morning? Four pallets, 612 kg, nothing fragile except the calibration lamps (marked red).'],
    ['noa', 2, 'Hi James, Wednesday 07:30 works if you can load from the side gate. The driver is called Amit and will phone ten minutes before.'],
    ['james', 1, 'Side gate will be open. Thank you, Noa.'],
    ['noa', 48, 'All four pallets are in the container, seal number HL-88213. Documents attached.'],
  ], attach: { at: 3, kind: 'pdf', name: 'bill-of-lading-HL-88213.pdf' } },
  { subject: 'Loupe lamp for watchmakers: what did you think?', with: ['beatrice', 'anna'], day: 14, messages: [
    ['anna', 0, 'Dear Beatrice,\n\nyou have had the prototype for a month. What would you change? Be as harsh as you like, tooling is not ordered yet.\n\nAnna'],
    ['beatrice', 30, 'Dear Anna,\n\nsince you ask:\n\n1. The arm is perfect. Do not touch it.\n2. The switch is on the wrong side for left-handed people, and there are two of us in this shop.\n3. 5000 K is too blue for dials with old lume; a second colour at 3500 K would sell itself.\n4. It smells for the first hour. Glue?\n\nApart from that I do not want to give it back.\n\nBeatrice'],
    ['anna', 5, 'That is exactly the letter I hoped for. Two colours were planned for the larger model; I will ask Dmytro whether the driver has a spare channel. The smell is the gasket, and it will be another one in production.\n\nKeep the prototype. You have earned it.'],
  ] },
  { subject: 'Website: text for the conservation page', with: ['maeve', 'anna'], day: 18, style: 'html', messages: [
    ['maeve', 0, 'Anna, could you read this before it goes live?\n\n"Light that shows what the hand did. Northlight lamps are made for people who look closely: conservators, watchmakers, laboratory staff. Every lamp is calibrated by hand and comes with its own measurement sheet."\n\nI am unsure about "by hand".'],
    ['anna', 1, '"By hand" is true, but it sounds like cheese. How about "measured one by one"?'],
    ['maeve', 0.5, 'Cheese it was. "Measured one by one" it is.'],
  ] },
  { subject: 'Invoice 2026-0917: wrong VAT number', with: ['henrik', 'anna'], day: 23, messages: [
    ['henrik', 0, 'Hello,\n\ninvoice 2026-0917 carries our old VAT number. Could you please issue a corrected one? Our accounting closes on the 5th.\n\nHenrik Lund\nNordlab A/S'],
    ['anna', 4, 'Hello Henrik, of course. The corrected invoice is attached; please destroy the old one.'],
    ['henrik', 18, 'Received, thank you. Payment goes out today.'],
  ], attach: { at: 1, kind: 'pdf', name: 'invoice-2026-0917-corrected.pdf' } },
  { subject: 'Workshop bench lights', with: ['workshop', 'anna'], day: 31, messages: [
    ['workshop', 0, 'Anna, the bench lights in bay 2 are due for replacement. Twelve heads, neutral white, please add them to the next batch. No hurry.'],
    ['anna', 20, 'Added to batch 47, ready in three weeks.'],
  ] },
  { subject: 'Lunch on Thursday?', with: ['sam', 'anna'], day: 3, unread: 1, messages: [
    ['sam', 0, 'Are you in town on Thursday? The Greek place has reopened. My treat, you paid last time (and the time before).\n\nSam'],
    ['anna', 2, 'Thursday at one. I will hold you to the treat.'],
    ['sam', 1, 'Booked, table by the window. Bring photographs of the new kitchen!'],
  ] },
  { subject: 'Driver firmware 3.2 and the second colour', with: ['dmytro', 'anna', 'james'], day: 12, messages: [
    ['dmytro', 0, 'Hi both,\n\nthe driver has one spare PWM channel, so two colours are possible without new hardware. Firmware 3.2 would add a long press to switch between them. I need about two weeks including the EMC re-test.\n\nDmytro'],
    ['anna', 3, 'Two weeks is fine. Beatrice will be delighted. Can old lamps be upgraded?'],
    ['dmytro', 1, 'Only those from serial 30000 upwards; the older ones have the one-channel connector.'],
    ['james', 15, 'EMC chamber is booked for the 3rd. Please send me two samples by then.'],
    ['dmytro', 90, 'Samples left today. Release notes are attached; the checksum is in the second line.'],
  ], attach: { at: 4, kind: 'text', name: 'release-notes-3.2.txt' } },
  { subject: 'Spring fair: stand 14B', with: ['maeve', 'anna', 'jonas', 'elif'], day: 45, messages: [
    ['maeve', 0, 'We have stand 14B, next to the coffee. Nine square metres, one table, power until 22:00. Who is coming?'],
    ['jonas', 5, 'I am there Tuesday and Wednesday.'],
    ['elif', 3, 'All three days; I bring two partners from Istanbul on Wednesday.'],
    ['anna', 2, 'Me too. Let us take the dark tent this time, nobody could see the beam last year.'],
  ] },
];

/** Subjects and lines of everyday notes; {n} and {name} are filled in. */
export const englishNotes = [
  ['Quote {n}: three NL-2 heads', 'Dear Anna,\n\nplease send us a quote for three NL-2 heads with the long arm, delivered to our laboratory. We would like to decide before the end of the month.\n\nKind regards\n{name}'],
  ['Order {n} arrived', 'Hello Anna,\n\norder {n} arrived complete and undamaged. The measurement sheets were in the boxes.\n\n{name}'],
  ['Question about the warranty of {n}', 'Hello,\n\nour lamp with serial number {n} shows a slight green tint at the lowest setting. Is that covered, and where should we send it?\n\nBest\n{name}'],
  ['Minutes of the call ({n})', 'Hi Anna,\n\nthree points from today\'s call:\n\n* samples by the 12th\n* price valid until year\'s end\n* you check whether the stand fits the old rail\n\nThanks for your time,\n{name}'],
  ['Spare diffusers for {n}', 'Dear Anna, could you add ten spare diffusers to our order {n}? Same invoice is fine.\n\n{name}'],
  ['Re-calibration due: {n}', 'Dear Ms Berg,\n\nthe re-calibration of lamp {n} is due next month. Please suggest a date; we can spare it for five working days.\n\n{name}'],
];
