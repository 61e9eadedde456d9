#include "jmap/email/object.h"
#include "jmap/image.h"
#include "jmap/manage/email_calendar.h"
#include "jmap/methods.h"

#include "mime/mime.h"

/* EmailView of docs/api.md: an email as the reader shows it (SECURITY.md 7). */

#define HTML_MAX (4 * 1024 * 1024)
#define TEXT_MAX (2 * 1024 * 1024)

static const char *const properties[] = {
    "id",          "html",     "text",  "quotes", "blockedRemote", "trackersRemoved", "trackers",
    "attachments", "calendar", "state", NULL,
};

struct view {
    struct jmap_call *call;
    struct mime_mail *mail;
    char *blob;
    GHashTable *shown; /* indices of the parts that the body shows */
    unsigned blocked, trackers;
    json_t *tracked; /* by host */
    bool remote, plain;
};

static char *part_address(struct view *view, size_t index)
{
    g_autofree char *blob = jmap_blob_part_id(view->blob, mime_part(view->mail, index)->part_id);

    g_hash_table_add(view->shown, GUINT_TO_POINTER(index));
    return jmap_image_address(view->call->request->jmap, view->call->access, blob, NULL);
}

/* An image that the HTML names: one of the mail's own parts, or one elsewhere. */
static char *image_url(const char *cid, const char *remote, void *arg)
{
    struct view *view = arg;

    if (cid == NULL)
        return jmap_image_address(view->call->request->jmap, view->call->access, NULL, remote);
    for (size_t i = 0; i < mime_part_count(view->mail); i++) {
        const struct mime_part *part = mime_part(view->mail, i);

        if (!part->is_multipart && g_strcmp0(part->cid, cid) == 0)
            return part_address(view, i);
    }
    return NULL;
}

/* Of one more HTML part. */
static void add_trackers(struct view *view, const struct mime_sanitised *clean)
{
    view->trackers += clean->trackers;
    for (guint i = 0; clean->tracked != NULL && i < clean->tracked->len; i++) {
        const struct mime_tracker *tracker = &g_array_index(clean->tracked, struct mime_tracker, i);
        json_t *known = json_object_get(view->tracked, tracker->host);
        json_int_t before = json_integer_value(json_object_get(known, "count"));

        if (known == NULL && json_object_size(view->tracked) >= MIME_TRACKERS_MAX)
            continue;
        json_object_set_new(view->tracked, tracker->host,
                            json_pack("{s: o, s: o, s: I}", "name", jmap_json_text(tracker->name),
                                      "host", jmap_json_text(tracker->host), "count",
                                      before + (json_int_t)tracker->count));
    }
}

static json_t *trackers(const struct view *view)
{
    json_t *list = json_array(), *tracker;
    const char *host;

    json_object_foreach(view->tracked, host, tracker)
    {
        json_array_append(list, tracker);
    }
    return list;
}

static void add_html(struct view *view, size_t index, GString *out)
{
    const struct mime_sanitise options = {image_url, view, view->remote};
    g_autofree char *html = mime_part_text(view->mail, index, HTML_MAX, NULL);
    struct mime_sanitised clean = {0};

    mime_sanitise(html, -1, &options, &clean);
    g_string_append(out, clean.html);
    view->blocked += clean.blocked_remote;
    add_trackers(view, &clean);
    mime_sanitised_clear(&clean);
}

/* A text part between parts of HTML, as a mailing list adds one. */
static void add_plain(struct view *view, size_t index, GString *out)
{
    g_autofree char *text = mime_part_text(view->mail, index, TEXT_MAX, NULL);
    g_autofree char *escaped = g_markup_escape_text(text, -1);

    g_string_append_printf(out, "<div style=\"white-space: pre-wrap\">%s</div>", escaped);
}

static void add_image(struct view *view, size_t index, GString *out)
{
    g_autofree char *address = part_address(view, index);

    if (address != NULL)
        g_string_append_printf(out, "<p><img src=\"%s\" alt=\"\"></p>", address);
}

static bool has_html(struct mime_mail *mail)
{
    size_t count;
    const int *indices = mime_html_body(mail, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(mime_part(mail, (size_t)indices[i])->type, "text/html") == 0)
            return true;
    return false;
}

static json_t *html_body(struct view *view)
{
    GString *out;
    size_t count;
    const int *indices = mime_html_body(view->mail, &count);
    json_t *html;

    if (view->plain || !has_html(view->mail))
        return json_null();
    out = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        size_t index = (size_t)indices[i];
        const char *type = mime_part(view->mail, index)->type;

        if (strcmp(type, "text/html") == 0)
            add_html(view, index, out);
        else if (g_str_has_prefix(type, "text/"))
            add_plain(view, index, out);
        else if (g_str_has_prefix(type, "image/"))
            add_image(view, index, out);
    }
    html = jmap_json_text(out->str);
    g_string_free(out, TRUE);
    return html;
}

/* One part of the plain text; HTML without such a text is read as text. (transfer full) */
static char *part_text(struct view *view, size_t index)
{
    g_autofree char *text = mime_part_text(view->mail, index, TEXT_MAX, NULL);

    if (strcmp(mime_part(view->mail, index)->type, "text/html") != 0)
        return g_steal_pointer(&text);
    return mime_html_to_text(text, -1, TEXT_MAX);
}

static json_t *quotes_of(const char *text)
{
    g_autoptr(GArray) lines = mime_quoted_lines(text);
    json_t *list = json_array();

    for (guint i = 0; i < lines->len; i++) {
        const struct mime_lines *range = &g_array_index(lines, struct mime_lines, i);

        json_array_append_new(list, json_pack("[I, I]", (json_int_t)range->first,
                                              (json_int_t)range->count));
    }
    return list;
}

static json_t *text_body(struct view *view, json_t **quotes)
{
    size_t count;
    const int *indices = mime_text_body(view->mail, &count);
    GString *out;
    json_t *result;

    *quotes = NULL;
    if (!view->plain && has_html(view->mail))
        return json_null();
    out = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        g_autofree char *text = NULL;

        if (!g_str_has_prefix(mime_part(view->mail, (size_t)indices[i])->type, "text/"))
            continue;
        text = part_text(view, (size_t)indices[i]);
        if (out->len > 0 && out->str[out->len - 1] != '\n')
            g_string_append_c(out, '\n');
        g_string_append(out, text);
    }
    result = jmap_json_text(out->str);
    *quotes = quotes_of(json_string_value(result));
    g_string_free(out, TRUE);
    return result;
}

static json_t *attachments(struct view *view)
{
    size_t count;
    const int *indices = mime_attachments(view->mail, &count);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        size_t index = (size_t)indices[i];
        const struct mime_part *part = mime_part(view->mail, index);
        g_autofree char *blob = jmap_blob_part_id(view->blob, part->part_id);
        bool is_shown = g_hash_table_contains(view->shown, GUINT_TO_POINTER(index));

        json_array_append_new(list, json_pack("{s: s, s: o, s: o, s: o, s: I, s: b}", "blobId",
                                              blob, "name", jmap_json_text(part->name), "type",
                                              jmap_json_text(part->type), "charset",
                                              jmap_json_text(part->charset), "size",
                                              (json_int_t)part->size, "inline", is_shown));
    }
    return list;
}

static json_t *ready_view(struct jmap_call *call, struct jmap_mail *mail)
{
    struct view view = {
        .call = call,
        .mail = mail->mail,
        .blob = g_strdup_printf("b%" G_GINT64_FORMAT, mail->blob),
        .shown = g_hash_table_new(NULL, NULL),
        .tracked = json_object(),
        .remote = jmap_arg_bool(call, "remoteImages"),
        .plain = jmap_arg_bool(call, "plainText"),
    };
    json_t *quotes, *html = html_body(&view), *text = text_body(&view, &quotes);
    json_t *object =
        json_pack("{s: o, s: o, s: o, s: I, s: I, s: o, s: o, s: o}", "html", html, "text", text,
                  "quotes", quotes != NULL ? quotes : json_array(), "blockedRemote",
                  (json_int_t)view.blocked, "trackersRemoved", (json_int_t)view.trackers,
                  "trackers", trackers(&view), "attachments", attachments(&view), "calendar",
                  jmap_email_calendar(view.mail));

    json_decref(view.tracked);
    g_hash_table_unref(view.shown);
    g_free(view.blob);
    return object;
}

static json_t *empty_view(void)
{
    return json_pack("{s: n, s: n, s: [], s: i, s: i, s: [], s: [], s: n}", "html", "text",
                     "quotes", "blockedRemote", 0, "trackersRemoved", 0, "trackers", "attachments",
                     "calendar");
}

static json_t *view_object(struct jmap_call *call, const struct store_email *email)
{
    struct jmap *jmap = call->request->jmap;
    struct jmap_mail *mail = NULL;
    json_t *object;

    if (email->state == STORE_EMAIL_PENDING)
        store_email_want(call->access, email->id);
    if (email->state == STORE_EMAIL_READY)
        mail = jmap_mail_take(jmap, call->access, email->blob, NULL);
    object = mail != NULL ? ready_view(call, mail) : empty_view();
    jmap_mail_give(jmap, mail);
    json_object_set_new(object, "id", jmap_id('e', email->id));
    json_object_set_new(object, "state", json_string(jmap_email_state_name(email->state)));
    return object;
}

/* false: answered. */
static bool fill(struct jmap_call *call, const GPtrArray *emails, struct jmap_get *get)
{
    for (size_t i = 0; i < emails->len; i++) {
        const struct store_email *email = g_ptr_array_index(emails, i);
        json_t *object;

        if (!jmap_may_go_on(call))
            return false;
        object = view_object(call, email);
        jmap_get_add(call, get, email->id, object);
        if (!jmap_weigh(object, JMAP_MAX_DEPTH, &call->request->budget)) {
            jmap_fail(call, "requestTooLarge", "the bodies are too large for one request");
            return false;
        }
    }
    return true;
}

void jmap_email_view_get(struct jmap_call *call)
{
    g_autoptr(GPtrArray) emails = NULL;
    struct jmap_get get;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_get_begin(call, properties, 'e', &get))
        return;
    emails = store_emails(call->access, (const int64_t *)(void *)get.ids->data, get.ids->len, 0,
                          &state, &error);
    if (emails == NULL)
        jmap_get_fail(call, &get, error);
    else if (fill(call, emails, &get))
        jmap_get_end(call, &get, &state);
    else
        jmap_get_clear(&get);
}
