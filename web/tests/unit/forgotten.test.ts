import { describe, expect, it } from "vitest";
import { mentionsAttachment } from "../../src/mail/forgotten.ts";

const PROMISED: Readonly<Record<string, readonly string[]>> = {
  English: ["See the attached file.", "I have attached the plan", "Please find attached our offer", "I'm attaching two photos", "Two attachments below", "The contract is enclosed."],
  German: ["anbei der Plan", "Im Anhang finden Sie das Angebot.", "Ich habe die Rechnung angehängt.", "Die Datei ist beigefügt", "Ich hänge Ihnen den Vertrag an.", "siehe Anlage"],
  Turkish: ["Teklif ekte.", "Ekteki dosyaya bakınız", "Dosyayı ekledim", "Sözleşme ilişikte", "EKTEDİR", "Fatura ekinde"],
  Ukrainian: ["Договір у вкладенні.", "Додаю рахунок", "Файл прикріплено", "Надсилаю вам підписаний документ", "Див. вкладення", "у додатку"],
  Hebrew: ["מצורף הסיכום", "הקובץ המצורף", "צירפתי את החוזה", "מצורפות תמונות", "רצ״ב ההצעה", "מְצֹרָף הסיכום"],
  Chinese: ["请见附件", "附件是合同", "附上报价单", "隨信附上文件"],
};
const INNOCENT = ["We met on Thursday.", "I am attached to the idea", "She grew very attached to it.", "Das hängt vom Wetter ab.", "Er ist sehr anhänglich", "Bir ekip kurduk", "Ekim ayında görüşürüz", "Ми додамо це завтра", "Він надіслав привіт", "נפגשנו ביום חמישי", "我们周四见面", "附近有一家店", ""];

describe("a forgotten attachment", () => {
  for (const [language, texts] of Object.entries(PROMISED))
    it.each(texts)(`is noticed in ${language}: %s`, (text) => expect(mentionsAttachment(text)).toBe(true));
  it.each(INNOCENT)("is not seen in: %s", (text) => expect(mentionsAttachment(text)).toBe(false));
});
