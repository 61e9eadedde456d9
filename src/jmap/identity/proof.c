#include "jmap/identity/proof.h"

#include "mime/mime.h"
#include "store/records.h"

#include <sodium.h>
#include <string.h>

/* %1$s: the address, %2$s: the code. */
static const struct wording {
    const char *language, *subject, *text;
} wordings[] = {
    {"en", "Postroom: code %2$s for %1$s",
     "This mail proves that %1$s is an address of this mailbox.\n\n"
     "If it arrived here, nothing is left to do: Postroom has seen it.\n"
     "If it is read elsewhere, enter this code under Settings > Addresses:\n\n    %2$s\n\n"
     "If you asked for nothing of the kind, ignore this mail.\n"},
    {"de", "Postroom: Code %2$s für %1$s",
     "Diese Nachricht beweist, dass %1$s eine Adresse dieses Postfachs ist.\n\n"
     "Ist sie hier angekommen, so ist nichts weiter zu tun: Postroom hat sie gesehen.\n"
     "Wird sie anderswo gelesen, geben Sie diesen Code unter Einstellungen > Adressen ein:\n\n"
     "    %2$s\n\n"
     "Wenn Sie nichts dergleichen angefordert haben, ignorieren Sie diese Nachricht.\n"},
    {"tr", "Postroom: %1$s için kod %2$s",
     "Bu ileti, %1$s adresinin bu posta kutusuna ait olduğunu kanıtlar.\n\n"
     "Buraya ulaştıysa yapılacak bir şey kalmadı: Postroom onu gördü.\n"
     "Başka bir yerde okunuyorsa bu kodu Ayarlar > Adresler bölümüne girin:\n\n    %2$s\n\n"
     "Böyle bir istekte bulunmadıysanız bu iletiyi dikkate almayın.\n"},
    {"uk", "Postroom: код %2$s для %1$s",
     "Цей лист підтверджує, що %1$s є адресою цієї скриньки.\n\n"
     "Якщо він надійшов сюди, більше нічого робити не треба: Postroom його бачить.\n"
     "Якщо його читають деінде, введіть цей код у розділі «Налаштування» > «Адреси»:\n\n    "
     "%2$s\n\n"
     "Якщо ви нічого такого не просили, не зважайте на цей лист.\n"},
    {"he", "Postroom: הקוד %2$s עבור %1$s",
     "הודעה זו מוכיחה כי %1$s היא כתובת של תיבת הדואר הזו.\n\n"
     "אם היא הגיעה לכאן, אין צורך בדבר נוסף: Postroom ראה אותה.\n"
     "אם היא נקראת במקום אחר, יש להזין את הקוד הזה תחת הגדרות > כתובות:\n\n    %2$s\n\n"
     "אם לא ביקשתם דבר כזה, אפשר להתעלם מההודעה.\n"},
    {"zh", "Postroom：%1$s 的验证码 %2$s",
     "此邮件用于证明 %1$s 是此邮箱的地址。\n\n"
     "如果邮件已到达此邮箱，则无需其他操作：Postroom 已看到它。\n"
     "如果邮件在别处阅读，请在“设置 > 地址”中输入此验证码：\n\n    %2$s\n\n"
     "如果您没有提出此请求，请忽略此邮件。\n"},
};

/* The one of the person's language, or English. */
static const struct wording *wording_for(struct jmap_call *call)
{
    g_autoptr(GPtrArray) records = store_records(call->access, STORE_PREFERENCES, NULL, NULL);
    const struct store_record *record =
        records != NULL && records->len > 0 ? records->pdata[0] : NULL;
    json_t *kept = record != NULL ? json_loads(record->data, 0, NULL) : NULL;
    const char *language = json_string_value(json_object_get(kept, "language"));
    const struct wording *found = &wordings[0];

    for (size_t i = 0; language != NULL && i < G_N_ELEMENTS(wordings); i++)
        if (strcmp(wordings[i].language, language) == 0)
            found = &wordings[i];
    json_decref(kept);
    return found;
}

/* (transfer full) */
static char *worded(const char *wording, const char *email, const char *code)
{
    GString *text = g_string_new(wording);

    g_string_replace(text, "%1$s", email, 0);
    g_string_replace(text, "%2$s", code, 0);
    return g_string_free(text, FALSE);
}

bool jmap_proof_write(struct jmap_call *call, const char *email, struct jmap_proof *proof,
                      GError **error)
{
    /* RFC 3834, 5: nobody is to answer it. */
    static const struct mime_header automatic[] = {{"Auto-Submitted", " auto-generated"},
                                                   {"X-Auto-Response-Suppress", " All"}};
    const struct wording *wording = wording_for(call);
    struct mail_summary *head = mail_summary_new();

    g_snprintf(proof->code, sizeof proof->code, "%08u", randombytes_uniform(100000000));
    proof->message_id = mime_new_message_id(email);
    g_autofree char *text = worded(wording->text, email, proof->code);
    struct mime_draft draft = {.summary = head,
                               .extra = automatic,
                               .extra_count = G_N_ELEMENTS(automatic),
                               .text = text};
    head->message_id = g_strdup(proof->message_id);
    head->subject = worded(wording->subject, email, proof->code);
    head->sent_at = clock_wall();
    mail_addresses_add(&head->from, NULL, email);
    mail_addresses_add(&head->to, NULL, email);
    proof->raw = mime_compose(&draft, error);
    mail_summary_free(head);
    return proof->raw != NULL;
}

void jmap_proof_clear(struct jmap_proof *proof)
{
    sodium_memzero(proof->code, sizeof proof->code);
    g_free(proof->message_id);
    g_clear_pointer(&proof->raw, g_bytes_unref);
}

struct store_proof jmap_proof_borrow(const struct jmap_proof *proof)
{
    return (struct store_proof){proof->code, proof->message_id, proof->raw};
}
