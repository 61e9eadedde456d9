#include "state.h"

#include <string.h>

static const struct {
    uint32_t bit;
    const char *word;
} letters[] = {
    {MAIL_SEEN, "S"},
    {MAIL_ANSWERED, "A"},
    {MAIL_FLAGGED, "F"},
    {MAIL_DRAFT, "D"},
    {MAIL_DELETED, "X"},
    {MAIL_FORWARDED, "$forwarded"},
    {MAIL_MDN_SENT, "$mdnsent"},
    {MAIL_JUNK, "$junk"},
    {MAIL_NOT_JUNK, "$notjunk"},
};

static void mail_free(gpointer pointer)
{
    struct state_mail *mail = pointer;
    g_free(mail->id);
    mail_flags_clear(&mail->flags);
    g_free(mail);
}

static void folder_free(gpointer pointer)
{
    struct state_folder *folder = pointer;
    g_free(folder->name);
    g_ptr_array_unref(folder->mails);
    g_free(folder);
}

GPtrArray *state_new(void)
{
    return g_ptr_array_new_with_free_func(folder_free);
}

struct state_folder *state_folder(GPtrArray *state, const char *name)
{
    for (guint i = 0; i < state->len; i++) {
        struct state_folder *folder = state->pdata[i];
        if (strcmp(folder->name, name) == 0)
            return folder;
    }
    struct state_folder *folder = g_new0(struct state_folder, 1);
    folder->name = g_strdup(name);
    folder->mails = g_ptr_array_new_with_free_func(mail_free);
    g_ptr_array_add(state, folder);
    return folder;
}

void state_add(struct state_folder *folder, const char *id, const struct mail_flags *flags)
{
    struct state_mail *mail = g_new0(struct state_mail, 1);
    mail->id = g_strdup(id);
    mail_flags_copy(&mail->flags, flags);
    g_ptr_array_add(folder->mails, mail);
}

void state_take_flags(const char *text, struct mail_flags *flags)
{
    *flags = (struct mail_flags){0};
    for (; *text != '\0' && *text != '$'; text++)
        for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
            if (letters[i].word[0] == *text)
                flags->bits |= letters[i].bit;
    g_auto(GStrv) words = g_strsplit(text, "$", -1);
    for (char **word = words; *word != NULL; word++) {
        g_autofree char *keyword = g_strconcat("$", *word, NULL);
        if (**word != '\0')
            mail_flags_set(flags, keyword, true);
    }
}

void state_put_flags(GString *out, const struct mail_flags *flags)
{
    for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
        if ((flags->bits & letters[i].bit) != 0)
            g_string_append(out, letters[i].word);
    for (char **word = flags->keywords; word != NULL && *word != NULL; word++)
        g_string_append(out, *word);
}

static void parse_mail(struct state_folder *folder, char *word)
{
    struct mail_flags flags = {0};
    char *open = strchr(word, '(');
    if (open != NULL) {
        *open = '\0';
        g_strdelimit(open + 1, ")", '\0');
        state_take_flags(open + 1, &flags);
    }
    state_add(folder, word, &flags);
    mail_flags_clear(&flags);
}

GPtrArray *state_parse(const char *text)
{
    GPtrArray *state = state_new();
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);
    for (char **part = parts; *part != NULL; part++) {
        char *colon = strchr(*part, ':');
        if (colon == NULL)
            continue;
        *colon = '\0';
        struct state_folder *folder = state_folder(state, g_strstrip(*part));
        g_auto(GStrv) words = g_strsplit(colon + 1, " ", -1);
        for (char **word = words; *word != NULL; word++)
            if (**word != '\0')
                parse_mail(folder, *word);
    }
    return state;
}

static char *mail_text(const struct state_mail *mail)
{
    GString *text = g_string_new(*mail->id != '\0' ? mail->id : "_");
    g_string_append_c(text, '(');
    state_put_flags(text, &mail->flags);
    if (text->str[text->len - 1] == '(')
        g_string_truncate(text, text->len - 1);
    else
        g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *folder_text(const struct state_folder *folder)
{
    g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < folder->mails->len; i++)
        g_ptr_array_add(mails, mail_text(folder->mails->pdata[i]));
    g_ptr_array_sort(mails, by_text);
    GString *text = g_string_new(folder->name);
    g_string_append_c(text, ':');
    for (guint i = 0; i < mails->len; i++)
        g_string_append_printf(text, " %s", (char *)mails->pdata[i]);
    return g_string_free(text, FALSE);
}

char *state_text(GPtrArray *state)
{
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < state->len; i++)
        g_ptr_array_add(folders, folder_text(state->pdata[i]));
    g_ptr_array_sort(folders, by_text);
    g_ptr_array_add(folders, NULL);
    return g_strjoinv("; ", (char **)folders->pdata);
}
