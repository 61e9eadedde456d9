#include "imap/roles.h"

#include "imap/client.h"

#include <string.h>

#define NAMES(sent, trash, drafts, junk, archive)                                                  \
    {MAIL_ROLE_SENT, sent}, {MAIL_ROLE_TRASH, trash}, {MAIL_ROLE_DRAFTS, drafts},                  \
        {MAIL_ROLE_JUNK, junk},                                                                    \
    {                                                                                              \
        MAIL_ROLE_ARCHIVE, archive                                                                 \
    }

/* Exchange's names (docs/internals/exchange.md), then common ones of other servers. A name stands
 * for one role in every language: a wrong Trash destroys mail. */
const struct imap_role_name imap_role_names[] = {
    NAMES("Sent Items", "Deleted Items", "Drafts", "Junk Email", "Archive"),
    NAMES("Gesendete Elemente", "Gelöschte Elemente", "Entwürfe", "Junk-E-Mail", "Archiv"),
    NAMES("Éléments envoyés", "Éléments supprimés", "Brouillons", "Courrier indésirable",
          "Archive"),
    NAMES("Elementos enviados", "Elementos eliminados", "Borradores", "Correo no deseado",
          "Archivo"),
    NAMES("Posta inviata", "Posta eliminata", "Bozze", "Posta indesiderata", "Archivio"),
    NAMES("Itens Enviados", "Itens Excluídos", "Rascunhos", "Lixo Eletrônico", "Arquivo"),
    NAMES("Verzonden items", "Verwijderde items", "Concepten", "Ongewenste e-mail", "Archief"),
    NAMES("Elementy wysłane", "Elementy usunięte", "Wersje robocze", "Wiadomości-śmieci",
          "Archiwum"),
    NAMES("Skickat", "Borttaget", "Utkast", "Skräppost", "Arkiv"),
    NAMES("Sendte elementer", "Slettede elementer", "Kladd", "Søppelpost", "Arkiv"),
    NAMES("Sendt post", "Slettet post", "Kladder", "Uønsket mail", "Arkiv"),
    NAMES("Lähetetyt", "Poistetut", "Luonnokset", "Roskaposti", "Arkisto"),
    NAMES("Отправленные", "Удаленные", "Черновики", "Нежелательная почта", "Архив"),
    NAMES("Надіслані", "Видалені", "Чернетки", "Небажана пошта", "Архів"),
    NAMES("Gönderilmiş Öğeler", "Silinmiş Öğeler", "Taslaklar", "Önemsiz E-posta", "Arşiv"),
    NAMES("送信済みアイテム", "削除済みアイテム", "下書き", "迷惑メール", "アーカイブ"),
    NAMES("已发送邮件", "已删除邮件", "草稿", "垃圾邮件", "存档"),
    NAMES("보낸 편지함", "지운 편지함", "임시 보관함", "정크 메일", "보관함"),
    NAMES("פריטים שנשלחו", "פריטים שנמחקו", "טיוטות", "דואר זבל", "ארכיון"),
    {MAIL_ROLE_SENT, "Sent"},
    {MAIL_ROLE_SENT, "Sent Mail"},
    {MAIL_ROLE_SENT, "Sent Messages"},
    {MAIL_ROLE_TRASH, "Trash"},
    {MAIL_ROLE_TRASH, "Deleted Messages"},
    {MAIL_ROLE_JUNK, "Junk"},
    {MAIL_ROLE_JUNK, "Junk E-mail"},
    {MAIL_ROLE_JUNK, "Spam"},
    {MAIL_ROLE_ARCHIVE, "Archives"},
};
const size_t imap_role_name_count = G_N_ELEMENTS(imap_role_names);

static const char *const non_mail_names[] = {
    "Calendar",
    "Contacts",
    "Tasks",
    "Notes",
    "Journal",
    "Outbox",
    "Files",
    "Sync Issues",
    "Conversation History",
    "Kalender",
    "Kontakte",
    "Aufgaben",
    "Notizen",
    "Postausgang",
    "Dateien",
    "Synchronisierungsprobleme",
    "Aufgezeichnete Unterhaltungen",
};

static char *fold(const char *name)
{
    g_autofree char *composed = g_utf8_normalize(name, -1, G_NORMALIZE_DEFAULT_COMPOSE);
    if (composed == NULL)
        return NULL;
    g_autofree char *folded = g_utf8_casefold(composed, -1);
    return g_utf8_normalize(folded, -1, G_NORMALIZE_DEFAULT_COMPOSE);
}

static bool folds_to(const char *name, const char *folded)
{
    g_autofree char *other = fold(name);
    return strcmp(other, folded) == 0;
}

enum mail_role imap_role_of_name(const char *name)
{
    g_autofree char *folded = fold(name);
    for (size_t i = 0; folded != NULL && i < imap_role_name_count; i++)
        if (folds_to(imap_role_names[i].name, folded))
            return imap_role_names[i].role;
    return MAIL_ROLE_NONE;
}

bool imap_is_non_mail_name(const char *name)
{
    /* What lies below such a folder ("Calendar/Birthdays") is none of mail either. */
    const char *slash = strchr(name, '/');
    g_autofree char *top = slash != NULL ? g_strndup(name, (gsize)(slash - name)) : g_strdup(name);
    g_autofree char *folded = fold(top);
    for (size_t i = 0; folded != NULL && i < G_N_ELEMENTS(non_mail_names); i++)
        if (folds_to(non_mail_names[i], folded))
            return true;
    return false;
}
