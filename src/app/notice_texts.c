#include "app/notice_texts.h"

#include <string.h>

struct language {
    const char *code;
    struct notice_text texts[5]; /* by enum notice_kind */
};

static const struct language languages[] = {
    {"en",
     {{"Your invitation to Postroom",
       "$1 invites you to Postroom, where your team reads and writes its mail.\n\n"
       "Open this link within 7 days to choose a password. It works once:\n$2\n"},
      {"Choose a new Postroom password",
       "$1 made a link by which you choose a new password for Postroom.\n\n"
       "Open it within a day. It works once:\n$2\n\n"
       "If you did not ask for it, tell $1; until it is used nothing changes.\n"},
      {"Postroom: the Microsoft client secret expires on $1",
       "The client secret of Postroom's app registration at Microsoft expires on $1. Without a new "
       "one nobody gets or sends mail after that day.\n\n"
       "Create a new secret in the Microsoft Entra admin centre and enter its Value here, as the "
       "second secret if the old one is to work until then:\n$2\n"},
      {"Postroom: the Microsoft client secret has expired",
       "The client secret of Postroom's app registration at Microsoft expired on $1. Mail is not "
       "fetched and not sent.\n\n"
       "Create a new secret in the Microsoft Entra admin centre and enter its Value here:\n$2\n"},
      {"Postroom uses the second Microsoft client secret",
       "Microsoft refused the first client secret on $1, and Postroom goes on with the second. "
       "Nobody notices, but there is none left in reserve.\n\n"
       "Make the second one the first here, and remove the old one at Microsoft:\n$2\n"}}},
    {"de",
     {{"Ihre Einladung zu Postroom",
       "$1 lädt Sie zu Postroom ein, wo Ihr Team seine E-Mails liest und schreibt.\n\n"
       "Öffnen Sie diesen Link innerhalb von 7 Tagen, um ein Passwort zu wählen. Er gilt einmal:\n"
       "$2\n"},
      {"Wählen Sie ein neues Postroom-Passwort",
       "$1 hat einen Link erstellt, mit dem Sie ein neues Passwort für Postroom wählen.\n\n"
       "Öffnen Sie ihn innerhalb eines Tages. Er gilt einmal:\n$2\n\n"
       "Wenn Sie nicht darum gebeten haben, sagen Sie es $1; bis er benutzt wird, ändert sich "
       "nichts.\n"},
      {"Postroom: Der geheime Clientschlüssel bei Microsoft läuft am $1 ab",
       "Der geheime Clientschlüssel der App-Registrierung von Postroom bei Microsoft läuft am $1 "
       "ab. Ohne einen neuen empfängt und sendet danach niemand mehr E-Mails.\n\n"
       "Erstellen Sie im Microsoft Entra Admin Center einen neuen und tragen Sie seinen Wert hier "
       "ein; als zweiten Schlüssel, wenn der alte bis dahin gelten soll:\n$2\n"},
      {"Postroom: Der geheime Clientschlüssel bei Microsoft ist abgelaufen",
       "Der geheime Clientschlüssel der App-Registrierung von Postroom bei Microsoft ist am $1 "
       "abgelaufen. E-Mails werden weder abgerufen noch gesendet.\n\n"
       "Erstellen Sie im Microsoft Entra Admin Center einen neuen und tragen Sie seinen Wert hier "
       "ein:\n$2\n"},
      {"Postroom verwendet den zweiten geheimen Clientschlüssel bei Microsoft",
       "Microsoft hat den ersten geheimen Clientschlüssel am $1 abgelehnt; Postroom arbeitet mit "
       "dem zweiten weiter. Niemand merkt es, aber es gibt keinen in Reserve.\n\n"
       "Machen Sie hier den zweiten zum ersten und entfernen Sie den alten bei Microsoft:\n$2\n"}}},
    {"he",
     {{"הזמנה ל-Postroom",
       "$1 מזמין אותך ל-Postroom, המקום שבו הצוות שלך קורא וכותב דואר.\n\n"
       "יש לפתוח את הקישור הזה בתוך 7 ימים כדי לבחור סיסמה. הוא פועל פעם אחת:\n$2\n"},
      {"בחירת סיסמה חדשה ל-Postroom",
       "$1 יצר קישור שבאמצעותו ניתן לבחור סיסמה חדשה ל-Postroom.\n\n"
       "יש לפתוח אותו בתוך יום. הוא פועל פעם אחת:\n$2\n\n"
       "אם לא ביקשת זאת, יש להודיע ל-$1; כל עוד לא נעשה בו שימוש, דבר אינו משתנה.\n"},
      {"Postroom: סוד הלקוח של Microsoft יפוג ב-$1",
       "סוד הלקוח של רישום היישום של Postroom ב-Microsoft יפוג ב-$1. בלי סוד חדש איש לא יקבל ולא "
       "ישלח דואר אחרי יום זה.\n\n"
       "יש ליצור סוד חדש במרכז הניהול של Microsoft Entra ולהזין כאן את ה-Value שלו, כסוד שני אם על "
       "הישן לפעול עד אז:\n$2\n"},
      {"Postroom: סוד הלקוח של Microsoft פג",
       "סוד הלקוח של רישום היישום של Postroom ב-Microsoft פג ב-$1. דואר אינו מתקבל ואינו נשלח.\n\n"
       "יש ליצור סוד חדש במרכז הניהול של Microsoft Entra ולהזין כאן את ה-Value שלו:\n$2\n"},
      {"Postroom משתמש בסוד הלקוח השני של Microsoft",
       "Microsoft סירבה לסוד הלקוח הראשון ב-$1, ו-Postroom ממשיך עם השני. איש אינו מרגיש בכך, אך "
       "לא נשאר סוד ברזרבה.\n\n"
       "יש להפוך כאן את השני לראשון, ולהסיר את הישן ב-Microsoft:\n$2\n"}}},
    {"tr",
     {{"Postroom davetiniz",
       "$1 sizi, ekibinizin e-postalarını okuyup yazdığı Postroom'a davet ediyor.\n\n"
       "Parola seçmek için bu bağlantıyı 7 gün içinde açın. Yalnızca bir kez çalışır:\n$2\n"},
      {"Yeni bir Postroom parolası seçin",
       "$1, Postroom için yeni bir parola seçmeniz üzere bir bağlantı oluşturdu.\n\n"
       "Bağlantıyı bir gün içinde açın. Yalnızca bir kez çalışır:\n$2\n\n"
       "Bunu siz istemediyseniz $1 ile görüşün; kullanılana kadar hiçbir şey değişmez.\n"},
      {"Postroom: Microsoft istemci gizli anahtarının süresi $1 tarihinde doluyor",
       "Postroom'un Microsoft uygulama kaydındaki istemci gizli anahtarının süresi $1 tarihinde "
       "doluyor. Yenisi olmadan o günden sonra kimse e-posta alamaz ve gönderemez.\n\n"
       "Microsoft Entra yönetim merkezinde yeni bir anahtar oluşturun ve değerini buraya girin; "
       "eskisi o güne kadar çalışacaksa ikinci anahtar olarak:\n$2\n"},
      {"Postroom: Microsoft istemci gizli anahtarının süresi doldu",
       "Postroom'un Microsoft uygulama kaydındaki istemci gizli anahtarının süresi $1 tarihinde "
       "doldu. E-posta alınmıyor ve gönderilmiyor.\n\n"
       "Microsoft Entra yönetim merkezinde yeni bir anahtar oluşturun ve değerini buraya girin:\n"
       "$2\n"},
      {"Postroom ikinci Microsoft istemci gizli anahtarını kullanıyor",
       "Microsoft ilk istemci gizli anahtarını $1 tarihinde reddetti; Postroom ikincisiyle devam "
       "ediyor. Kimse fark etmez, ama yedekte anahtar kalmadı.\n\n"
       "Burada ikinciyi birinci yapın ve eskisini Microsoft'ta kaldırın:\n$2\n"}}},
    {"uk",
     {{"Запрошення до Postroom",
       "$1 запрошує вас до Postroom, де ваша команда читає та пише пошту.\n\n"
       "Відкрийте це посилання протягом 7 днів, щоб вибрати пароль. Воно діє один раз:\n$2\n"},
      {"Виберіть новий пароль Postroom",
       "$1 створює посилання, за яким ви виберете новий пароль для Postroom.\n\n"
       "Відкрийте його протягом доби. Воно діє один раз:\n$2\n\n"
       "Якщо ви про це не просили, повідомте $1; доки ним не скористалися, нічого не "
       "змінюється.\n"},
      {"Postroom: секрет клієнта Microsoft діє до $1",
       "Секрет клієнта реєстрації програми Postroom у Microsoft діє до $1. Без нового після цього "
       "дня ніхто не отримуватиме й не надсилатиме пошту.\n\n"
       "Створіть новий секрет у центрі адміністрування Microsoft Entra та введіть тут його "
       "значення; як другий секрет, якщо старий має діяти до того часу:\n$2\n"},
      {"Postroom: термін дії секрету клієнта Microsoft минув",
       "Термін дії секрету клієнта реєстрації програми Postroom у Microsoft минув $1. Пошта не "
       "отримується й не надсилається.\n\n"
       "Створіть новий секрет у центрі адміністрування Microsoft Entra та введіть тут його "
       "значення:\n$2\n"},
      {"Postroom використовує другий секрет клієнта Microsoft",
       "Microsoft відхилила перший секрет клієнта $1, і Postroom працює з другим. Ніхто цього не "
       "помічає, але запасного вже немає.\n\n"
       "Зробіть тут другий секрет першим і вилучіть старий у Microsoft:\n$2\n"}}},
    {"zh",
     {{"Postroom 邀请", "$1 邀请您使用 Postroom，您的团队在这里收发邮件。\n\n"
                        "请在 7 天内打开此链接设置密码，链接只能使用一次：\n$2\n"},
      {"设置新的 Postroom 密码", "$1 为您创建了一个链接，用于设置新的 Postroom 密码。\n\n"
                                 "请在一天内打开，链接只能使用一次：\n$2\n\n"
                                 "如果这不是您要求的，请告知 $1；在使用链接之前不会有任何变化。\n"},
      {"Postroom：Microsoft 客户端密码将于 $1 过期",
       "Postroom 在 Microsoft 的应用注册的客户端密码将于 $1 过期。届时如果没有新的密码，"
       "所有人都无法收发邮件。\n\n"
       "请在 Microsoft Entra 管理中心创建新的客户端密码，并在此处输入其“值”；"
       "如果旧密码仍要使用到那一天，请作为第二个密码输入：\n$2\n"},
      {"Postroom：Microsoft 客户端密码已过期",
       "Postroom 在 Microsoft 的应用注册的客户端密码已于 $1 过期。邮件无法接收，也无法发送。\n\n"
       "请在 Microsoft Entra 管理中心创建新的客户端密码，并在此处输入其“值”：\n$2\n"},
      {"Postroom 正在使用第二个 Microsoft 客户端密码",
       "Microsoft 于 $1 拒绝了第一个客户端密码，Postroom 正在使用第二个。"
       "使用者不会察觉，但已没有备用密码。\n\n"
       "请在此处将第二个设为第一个，并在 Microsoft 删除旧密码：\n$2\n"}}},
};

const struct notice_text *notice_text(enum notice_kind kind, const char *language)
{
    for (size_t i = 1; language != NULL && i < sizeof languages / sizeof languages[0]; i++)
        if (strcmp(languages[i].code, language) == 0)
            return &languages[i].texts[kind];
    return &languages[0].texts[kind];
}
