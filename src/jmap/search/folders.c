/* in: — a mailbox by its role or its name. */
#include "jmap/search/search.h"

#include "jmap/engine/engine.h"
#include "text/text.h"

#include <string.h>

/* What people call a mailbox of a role, in the languages of the page. */
static const struct {
    enum mail_role role;
    const char *names[24];
} role_names[] = {
    {MAIL_ROLE_INBOX, {"inbox", "Posteingang", "דואר נכנס", "收件箱", "Gelen Kutusu", "Вхідні"}},
    {MAIL_ROLE_DRAFTS,
     {"drafts", "draft", "Entwürfe", "טיוטות", "草稿", "草稿箱", "Taslaklar", "Чернетки"}},
    {MAIL_ROLE_SENT,
     {"sent", "sent mail", "Gesendet", "Gesendete", "דואר שנשלח", "פריטים שנשלחו", "נשלח", "已发送",
      "已发送邮件", "Gönderilmiş", "Gönderilenler", "Надіслані"}},
    {MAIL_ROLE_ARCHIVE, {"archive", "Archiv", "ארכיון", "归档", "存档", "Arşiv", "Архів"}},
    {MAIL_ROLE_JUNK,
     {"junk", "spam", "Junk-E-Mail", "Werbung", "דואר זבל", "ספאם", "垃圾邮件", "Önemsiz",
      "Gereksiz", "Спам", "Небажана пошта"}},
    {MAIL_ROLE_TRASH,
     {"trash", "deleted", "bin", "Papierkorb", "Gelöscht", "אשפה", "פריטים שנמחקו", "已删除",
      "已删除邮件", "垃圾箱", "Çöp", "Çöp Kutusu", "Silinmiş Öğeler", "Кошик", "Видалені"}},
};

static bool is_called(const char *name, const char *wanted)
{
    g_autofree char *folded = text_fold(name);
    return strcmp(folded, wanted) == 0;
}

static bool role_is_called(enum mail_role role, const char *wanted)
{
    for (size_t i = 0; i < G_N_ELEMENTS(role_names); i++)
        for (size_t n = 0; role_names[i].role == role && n < G_N_ELEMENTS(role_names[i].names) &&
                           role_names[i].names[n] != NULL;
             n++)
            if (is_called(role_names[i].names[n], wanted))
                return true;
    return false;
}

static const struct store_mailbox *mailbox_of(const struct search_scope *scope, int64_t id)
{
    for (guint i = 0; i < scope->mailboxes->len; i++) {
        const struct store_mailbox *mailbox = scope->mailboxes->pdata[i];
        if (mailbox->id == id)
            return mailbox;
    }
    return NULL;
}

/* "Projects/Lamps". (transfer full) */
static char *path_of(const struct search_scope *scope, const struct store_mailbox *mailbox)
{
    GString *path = g_string_new(mailbox->name);
    for (int depth = 0; depth < STORE_MAILBOX_DEPTH_MAX && mailbox->parent != 0; depth++) {
        mailbox = mailbox_of(scope, mailbox->parent);
        if (mailbox == NULL)
            break;
        g_string_prepend_c(path, '/');
        g_string_prepend(path, mailbox->name);
    }
    return g_string_free(path, FALSE);
}

enum closeness { WHOLE, BEGINNING };

static bool is_meant(const struct search_scope *scope, const struct store_mailbox *mailbox,
                     const char *wanted, enum closeness closeness)
{
    g_autofree char *path = path_of(scope, mailbox);
    g_autofree char *folded_path = text_fold(path);
    const char *slash = strrchr(folded_path, '/');
    const char *leaf = slash != NULL ? slash + 1 : folded_path;
    if (closeness == BEGINNING)
        return g_str_has_prefix(folded_path, wanted) || g_str_has_prefix(leaf, wanted);
    return strcmp(folded_path, wanted) == 0 || strcmp(leaf, wanted) == 0 ||
           role_is_called(mailbox->role, wanted);
}

/* In the unified account a role's mailbox stands for those of all accounts, and then alone; one
 * that is named after an account holds no mail. */
static json_t *find_as(const struct search_scope *scope, const char *wanted,
                       enum closeness closeness)
{
    json_t *list = json_array(), *of_roles = json_array();
    for (guint i = 0; i < scope->mailboxes->len; i++) {
        const struct store_mailbox *mailbox = scope->mailboxes->pdata[i];
        bool unified = mailbox->fixed && mailbox->account == 0;
        if ((unified && mailbox->role == MAIL_ROLE_NONE) ||
            !is_meant(scope, mailbox, wanted, closeness))
            continue;
        json_array_append_new(unified ? of_roles : list,
                              json_pack("{s:o}", "inMailbox", jmap_id('m', mailbox->id)));
    }
    bool roles = json_array_size(of_roles) > 0;
    json_decref(roles ? list : of_roles);
    return roles ? of_roles : list;
}

/* All mailboxes that are called so; else all whose names begin so. */
static json_t *find(const struct search_scope *scope, const char *wanted, bool begins)
{
    json_t *list = begins ? json_array() : find_as(scope, wanted, WHOLE);
    if (json_array_size(list) > 0)
        return list;
    json_decref(list);
    return find_as(scope, wanted, BEGINNING);
}

json_t *search_read_in(struct search *search, const struct search_token *token,
                       const struct search_field *field)
{
    g_autofree char *wanted = text_fold(token->text);
    (void)field;
    search->in_used = true;
    if (!token->prefix && (strcmp(wanted, "anywhere") == 0 || strcmp(wanted, "all") == 0))
        return json_object();
    json_t *list = *wanted != '\0' ? find(search->scope, wanted, token->prefix) : json_array();
    if (json_array_size(list) == 1) {
        json_t *only = json_incref(json_array_get(list, 0));
        json_decref(list);
        return only;
    }
    if (json_array_size(list) > 0 && json_array_size(list) <= SEARCH_MAILBOXES_MAX)
        return json_pack("{s:s, s:o}", "operator", "OR", "conditions", list);
    bool many = json_array_size(list) > 0;
    json_decref(list);
    return search_fail(search, many ? "many-mailboxes" : "unknown-mailbox", token->value,
                       token->end, "%s is called \"%s\": %s", many ? "more than one" : "no mailbox",
                       token->text,
                       many ? "write more of the name"
                            : "write its name as the list of mailboxes has it, in quotes if it "
                              "has spaces");
}
