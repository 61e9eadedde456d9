#include "attach/words.h"

#include "attach/child.h"
#include "attach/known.h"
#include "base/log.h"
#include "mime/readable.h"
#include "store/sync.h"
#include "text/text.h"

#include <string.h>

#define PATIENCE_MS 120000
/* Of all attachments of an email. */
#define CONTENTS_BYTES ((size_t)4 * 1024 * 1024)
#define CONTENTS_WORDS 200000
/* An email in which the program ended so often is not read again. */
#define DEADLY_RUNS 2

struct gathering {
    struct words_reader *reader;
    int64_t account, email;
    GString *text;
    unsigned unreadable;
    bool stop;
};

/* NULL: it cannot be read. */
static void take_text(struct gathering *gathering, const char *text)
{
    gathering->unreadable += text == NULL;
    if (text != NULL)
        g_string_append_printf(gathering->text, "%s\n", text);
}

static void log_unreadable(const struct gathering *gathering, const char *kind, size_t bytes)
{
    LOG_INFO("attachment.unreadable", LOG_INT("account", gathering->account),
             LOG_INT("email", gathering->email), LOG_STR("kind", kind), LOG_INT("bytes", bytes));
}

/* True: it is read, or never will be. */
static bool read_bytes(struct gathering *gathering, const struct child_input *input)
{
    struct words_reader *reader = gathering->reader;
    const struct attach_config *config = reader->config;
    g_autofree char *text = NULL;
    enum child_end end = child_read(config->program, input,
                                    config->patience_ms > 0 ? config->patience_ms : PATIENCE_MS,
                                    reader->cancel, &text);
    reader->failed = end == CHILD_FAILED;
    if (end == CHILD_FAILED || end == CHILD_CANCELLED)
        return false;
    if (end == CHILD_UNREADABLE)
        log_unreadable(gathering, input->kind, g_bytes_get_size(input->bytes));
    known_add(reader->known, input->kind, input->bytes, text);
    take_text(gathering, text);
    return true;
}

/* What is too large is not even decoded whole. */
static bool pass_over(struct gathering *gathering, const struct mime_readable *readable)
{
    log_unreadable(gathering, readable->kind, 0);
    take_text(gathering, NULL);
    return true;
}

static bool read_part(const struct mime_readable *readable, void *arg)
{
    struct gathering *gathering = arg;
    const char *known = NULL;
    if (readable->too_large)
        return pass_over(gathering, readable);
    g_autoptr(GBytes) bytes = mime_part_bytes(readable->mail, readable->index, 0);
    struct child_input input = {readable->kind, readable->charset, bytes};
    if (g_bytes_get_size(bytes) > MIME_READABLE_BYTES)
        return pass_over(gathering, readable);
    if (known_find(gathering->reader->known, input.kind, bytes, &known))
        take_text(gathering, known);
    else
        gathering->stop = !read_bytes(gathering, &input);
    return !gathering->stop && gathering->text->len < CONTENTS_BYTES;
}

/* Words of what was found; NULL: there are none. (transfer full) */
static char *contents_of(struct gathering *gathering, GBytes *raw)
{
    struct mime_mail *mail = mime_parse(raw);
    mime_each_readable(mail, read_part, gathering);
    mime_mail_free(mail);
    g_autofree char *words =
        gathering->stop
            ? NULL
            : text_index_words(gathering->text->str, (gssize)gathering->text->len, CONTENTS_WORDS);
    return words != NULL && words[0] != '\0' ? g_steal_pointer(&words) : NULL;
}

static enum words_end read_email(struct gathering *gathering, GBytes *raw, char **words)
{
    *words = contents_of(gathering, raw);
    if (gathering->stop)
        return WORDS_STOP;
    return *words != NULL ? WORDS_NEW : WORDS_NONE;
}

enum words_end words_read(struct words_reader *reader, int64_t account, int64_t email, char **words,
                          unsigned *unreadable)
{
    struct store *store = reader->config->store;
    g_autoptr(GBytes) raw = store_sync_raw(store, email, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    struct gathering gathering = {reader, account, email, text, 0, false};
    enum words_end end = WORDS_NONE;
    *words = NULL;
    known_of_account(reader->known, account);
    /* It was parsed before without harm; but were it to end the program, it would each time. Its
     * number stands for a mailbox's: there, no UID is 0. */
    bool deadly = raw != NULL && store_parse_begin(store, email, 0, 0) >= DEADLY_RUNS;
    if (raw != NULL && !deadly)
        end = read_email(&gathering, raw, words);
    if (raw != NULL)
        store_parse_end(store, email, 0, 0);
    *unreadable = deadly ? 1 : gathering.unreadable;
    return end;
}
