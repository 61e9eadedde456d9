/* Says in words what the IMAP parser makes of bytes, however they are split: for tests and the
 * fuzzer, which demand the same words for every split. */
#ifndef POSTROOM_TESTS_IMAP_DESCRIBE_H
#define POSTROOM_TESTS_IMAP_DESCRIBE_H

#include "imap/parser.h"

struct imap_describe_sink {
    GString *out;
    GChecksum *sum;
    uint64_t length;
};

static inline bool imap_describe_begin(enum imap_section section, uint64_t length, void *arg)
{
    struct imap_describe_sink *sink = arg;
    g_string_append_printf(sink->out, "<stream %d %" G_GUINT64_FORMAT ">\n", (int)section, length);
    g_checksum_reset(sink->sum);
    sink->length = 0;
    return true;
}

static inline void imap_describe_data(enum imap_section section, const char *bytes, size_t length,
                                      void *arg)
{
    struct imap_describe_sink *sink = arg;
    (void)section;
    g_checksum_update(sink->sum, (const guchar *)bytes, (gssize)length);
    sink->length += length;
}

static inline void imap_describe_flags(GString *out, const struct mail_flags *flags)
{
    g_string_append_printf(out, " flags=%x", flags->bits);
    for (size_t i = 0; flags->keywords != NULL && flags->keywords[i] != NULL; i++)
        g_string_append_printf(out, "%c%s", i == 0 ? ':' : ',', flags->keywords[i]);
}

static inline void imap_describe_code(GString *out, const struct imap_code *code)
{
    if (code->kind == IMAP_CODE_NONE)
        return;
    g_string_append_printf(out, " code=%d,%" G_GUINT64_FORMAT, (int)code->kind, code->number);
    if (code->set != NULL && *code->set != '\0')
        g_string_append_printf(out, " set=%s", code->set);
    if (code->target != NULL && *code->target != '\0')
        g_string_append_printf(out, " target=%s", code->target);
    if (code->objectid != NULL)
        g_string_append_printf(out, " id=%s", code->objectid);
    if (code->capabilities != 0)
        g_string_append_printf(out, " caps=%x", code->capabilities);
    if (code->kind == IMAP_CODE_PERMANENTFLAGS)
        imap_describe_flags(out, &code->flags);
    if (code->any_keyword)
        g_string_append(out, " any");
}

static inline void imap_describe_section(GString *out, const char *name,
                                         const struct imap_fetch_section *section,
                                         const struct imap_describe_sink *sink)
{
    if (!section->given)
        return;
    g_string_append_printf(out, " %s=", name);
    if (section->nil)
        g_string_append(out, "NIL");
    else if (section->streamed)
        g_string_append_printf(out, "stream(%" G_GUINT64_FORMAT ",%.8s)", section->length,
                               g_checksum_get_string(sink->sum));
    else
        g_string_append_len(out, section->text, (gssize)section->length);
}

static inline void imap_describe_fetch(GString *out, const struct imap_fetch_data *fetch,
                                       const struct imap_describe_sink *sink)
{
    g_string_append_printf(out, " uid=%u", fetch->uid);
    if (fetch->has_flags)
        imap_describe_flags(out, &fetch->flags);
    if (fetch->internal_date != INT64_MIN)
        g_string_append_printf(out, " date=%" G_GINT64_FORMAT, fetch->internal_date);
    if (fetch->size != 0)
        g_string_append_printf(out, " size=%u", fetch->size);
    if (fetch->modseq != 0)
        g_string_append_printf(out, " modseq=%" G_GUINT64_FORMAT, fetch->modseq);
    if (fetch->emailid != NULL)
        g_string_append_printf(out, " emailid=%s", fetch->emailid);
    imap_describe_section(out, "header", &fetch->header, sink);
    imap_describe_section(out, "body", &fetch->body, sink);
}

static inline void imap_describe_data_response(GString *out, const struct imap_response *response)
{
    if (response->kind == IMAP_FLAGS)
        imap_describe_flags(out, &response->flags);
    if (response->kind == IMAP_LIST)
        g_string_append_printf(out, " %s attributes=%x role=%d delimiter=%d name=%s",
                               response->list.lsub ? "lsub" : "list", response->list.attributes,
                               (int)response->list.role, response->list.delimiter,
                               response->list.name);
    if (response->kind == IMAP_STATUS)
        g_string_append_printf(out,
                               " %.*s given=%x messages=%u uidnext=%u uidvalidity=%u unseen=%u "
                               "modseq=%" G_GUINT64_FORMAT,
                               (int)response->status.name_length, response->status.name,
                               response->status.given, response->status.messages,
                               response->status.uidnext, response->status.uidvalidity,
                               response->status.unseen, response->status.highestmodseq);
    if (response->kind == IMAP_STATUS && response->status.mailboxid != NULL)
        g_string_append_printf(out, " mailboxid=%s", response->status.mailboxid);
    for (size_t i = 0; i < response->namespace_count; i++)
        g_string_append_printf(out, " %d<%s>%d", response->namespaces[i].space,
                               response->namespaces[i].prefix, response->namespaces[i].delimiter);
    for (size_t i = 0; i < response->quota.root_count; i++)
        g_string_append_printf(out, " <%s>", response->quota.roots[i]);
    for (size_t i = 0; i < response->quota.resource_count; i++)
        g_string_append_printf(out, " %s=%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                               response->quota.resources[i].name, response->quota.resources[i].used,
                               response->quota.resources[i].limit);
    for (size_t i = 0; i < response->number_count; i++)
        g_string_append_printf(out, " %u", response->numbers[i]);
    if (response->kind == IMAP_ESEARCH)
        g_string_append_printf(out, " %s", response->set);
    if (response->kind == IMAP_VANISHED)
        g_string_append_printf(out, " %s%s", response->earlier ? "earlier " : "", response->set);
}

static inline void imap_describe_response(GString *out, const struct imap_response *response,
                                          const struct imap_describe_sink *sink)
{
    static const char *const kinds[] = {"tagged", "untagged",  "continue", "capability", "enabled",
                                        "list",   "namespace", "status",   "search",     "esearch",
                                        "flags",  "exists",    "expunge",  "vanished",   "fetch",
                                        "quota",  "quotaroot", "other",    "garbage"};
    static const char *const conditions[] = {"", " OK", " NO", " BAD", " BYE", " PREAUTH"};
    g_string_append_printf(out, "%s%s", kinds[response->kind], conditions[response->condition]);
    if (response->tag != NULL)
        g_string_append_printf(out, " tag=%s", response->tag);
    if (response->number != 0)
        g_string_append_printf(out, " %u", response->number);
    if (response->capabilities != 0)
        g_string_append_printf(out, " caps=%x", response->capabilities);
    imap_describe_code(out, &response->code);
    if (response->kind == IMAP_FETCH)
        imap_describe_fetch(out, &response->fetch, sink);
    else
        imap_describe_data_response(out, response);
    if (response->text != NULL && *response->text != '\0')
        g_string_append_printf(out, " text=%s", response->text);
    g_string_append_c(out, '\n');
}

/* Feeds bytes in pieces of `step`; (transfer full). Ends with "BAD why" or "MORE" unless the bytes
 * end with a response. */
static inline char *imap_describe(const char *bytes, size_t length, size_t step,
                                  const struct imap_limits *limits)
{
    struct imap_describe_sink sink = {g_string_new(NULL), g_checksum_new(G_CHECKSUM_SHA256), 0};
    struct imap_sink callbacks = {imap_describe_begin, imap_describe_data, &sink};
    struct imap_parser *parser = imap_parser_new(limits, &callbacks);
    enum imap_parse result = IMAP_PARSE_MORE;
    for (size_t at = 0; at < length && result != IMAP_PARSE_BAD;) {
        /* An exact copy, so that reading past the end is seen by ASan. */
        size_t piece = MIN(step, length - at), used = 0;
        g_autofree char *copy = g_memdup2(bytes + at, piece);
        const struct imap_response *response = NULL;
        result = imap_parser_feed(parser, copy, piece, &used, &response);
        if (result == IMAP_PARSE_OK)
            imap_describe_response(sink.out, response, &sink);
        at += used;
    }
    if (result == IMAP_PARSE_BAD)
        g_string_append_printf(sink.out, "BAD %s\n", imap_parser_why(parser));
    else if (!imap_parser_is_empty(parser))
        g_string_append(sink.out, "MORE\n");
    imap_parser_free(parser);
    g_checksum_free(sink.sum);
    return g_string_free(sink.out, FALSE);
}

#endif
