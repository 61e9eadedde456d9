#include "jmap/record/label.h"
#include "jmap/record/record.h"

#include <string.h>

#define NAME_MAX_OCTETS 200
#define KEYWORD_MAX_OCTETS 100

static const char *const languages[] = {"en", "zh", "de", "tr", "uk", "he", NULL};
static const char *const themes[] = {"system", "light", "dark", NULL};
static const char *const densities[] = {"comfortable", "compact", NULL};
static const char *const panes[] = {"right", "below", "off", NULL};
static const char *const formats[] = {"html", "text", NULL};
static const char *const colors[] = {"gray", "red",    "orange", "yellow", "olive", "green", "teal",
                                     "blue", "indigo", "purple", "pink",   "brown", NULL};

/* How the page looks and behaves for a person, on every machine. */
static const struct jmap_field preferences[] = {
    {"language", JMAP_FIELD_WORD, .words = languages, .fallback = "null",
     .flags = JMAP_FIELD_NULLABLE},
    {"theme", JMAP_FIELD_WORD, .words = themes, .fallback = "\"system\""},
    {"density", JMAP_FIELD_WORD, .words = densities, .fallback = "\"comfortable\""},
    {"readingPane", JMAP_FIELD_WORD, .words = panes, .fallback = "\"right\""},
    {"conversations", JMAP_FIELD_BOOLEAN, .fallback = "true"},
    {"composeFormat", JMAP_FIELD_WORD, .words = formats, .fallback = "\"html\""},
    {"undoSendSeconds", JMAP_FIELD_INT, 0, 30, .fallback = "10"},
    {"recentSearches", JMAP_FIELD_LINES, .most = 20, .fallback = "[]"},
    {"favourites", JMAP_FIELD_LINES, .most = 50, .fallback = "[]"},
    {.name = NULL},
};

static const struct jmap_field label[] = {
    {"name", JMAP_FIELD_LINE, 1, NAME_MAX_OCTETS, .flags = JMAP_FIELD_KEY},
    {"color", JMAP_FIELD_WORD, .words = colors, .fallback = "\"gray\""},
    {"keyword", JMAP_FIELD_LINE, 0, KEYWORD_MAX_OCTETS, .fallback = "\"\"",
     .flags = JMAP_FIELD_FIXED},
    {"sortOrder", JMAP_FIELD_INT, 0, INT32_MAX, .fallback = "0"},
    {.name = NULL},
};

/* inAccount: null for all accounts. */
static const struct jmap_field saved_search[] = {
    {"name", JMAP_FIELD_LINE, 1, NAME_MAX_OCTETS, .flags = JMAP_FIELD_KEY},
    {"text", JMAP_FIELD_LINE, .least = 1, .most = 1000},
    {"inAccount", JMAP_FIELD_ID, .fallback = "null", .flags = JMAP_FIELD_NULLABLE},
    {"sortOrder", JMAP_FIELD_INT, 0, INT32_MAX, .fallback = "0"},
    {"showCount", JMAP_FIELD_BOOLEAN, .fallback = "true"},
    {.name = NULL},
};

static const struct jmap_field contact_group[] = {
    {"name", JMAP_FIELD_LINE, 1, NAME_MAX_OCTETS, .flags = JMAP_FIELD_KEY},
    {"members", JMAP_FIELD_ADDRESSES, .most = 500, .fallback = "[]"},
    {.name = NULL},
};

/* Whose remote images are shown without asking. */
static const struct jmap_field trusted_sender[] = {
    {"address", JMAP_FIELD_LINE, 3, 320, .flags = JMAP_FIELD_KEY | JMAP_FIELD_FIXED},
    {.name = NULL},
};

/* Who is not to be offered as a recipient (store/contacts.h). */
static const struct jmap_field hidden_contact[] = {
    {"address", JMAP_FIELD_LINE, 3, 320, .flags = JMAP_FIELD_KEY | JMAP_FIELD_FIXED},
    {.name = NULL},
};

/* defaultFor, answersFor: identities whose new mail and whose answers begin with it. Pictures are
 * in html as data: addresses. */
static const struct jmap_field signature[] = {
    {"name", JMAP_FIELD_LINE, 1, NAME_MAX_OCTETS, .flags = JMAP_FIELD_KEY},
    {"html", JMAP_FIELD_TEXT, .most = JMAP_MAX_SIGNATURE, .fallback = "\"\""},
    {"text", JMAP_FIELD_TEXT, .most = 32 * 1024, .fallback = "\"\""},
    {"defaultFor", JMAP_FIELD_LINES, .most = 200, .fallback = "[]"},
    {"answersFor", JMAP_FIELD_LINES, .most = 200, .fallback = "[]"},
    {.name = NULL},
};

static const struct jmap_record_type types[] = {
    {"Preferences", STORE_PREFERENCES, 1, true, preferences, .check = NULL},
    {"Label", STORE_LABEL, 200, false, label, .check = jmap_label_check,
     .complete = jmap_label_complete, .leave = jmap_label_leave},
    {"SavedSearch", STORE_SAVED_SEARCH, 200, false, saved_search, .check = NULL},
    {"ContactGroup", STORE_CONTACT_GROUP, 500, false, contact_group, .check = NULL},
    {"TrustedSender", STORE_TRUSTED_SENDER, 5000, false, trusted_sender, .check = NULL},
    {"HiddenContact", STORE_HIDDEN_CONTACT, 1000, false, hidden_contact, .check = NULL},
    {"Signature", STORE_SIGNATURE, 50, false, signature, .kept = jmap_signature_kept},
};

const struct jmap_record_type *jmap_record_type_of(enum store_type type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i].type == type)
            return &types[i];
    g_error("%d is no type of a record", (int)type);
}

const struct jmap_record_type *jmap_record_type(const struct jmap_call *call)
{
    size_t length = strcspn(call->method->name, "/");

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (strlen(types[i].name) == length &&
            strncmp(types[i].name, call->method->name, length) == 0)
            return &types[i];
    g_error("%s is no method of a record", call->method->name);
}
