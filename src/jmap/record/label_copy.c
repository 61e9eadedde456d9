#include "jmap/record/label.h"

#include <string.h>

/* A label of either account. */
struct label {
    int64_t account;
    json_t *object;
    char *key; /* of its name */
    bool wanted;
};

struct jmap_label_copy {
    const struct store_access *to;
    GPtrArray *here, *there; /* of struct label */
};

static void free_label(gpointer pointer)
{
    struct label *label = pointer;

    if (label == NULL)
        return;
    json_decref(label->object);
    g_free(label->key);
    g_free(label);
}

static const char *keyword_of(const struct label *label)
{
    return json_string_value(json_object_get(label->object, "keyword"));
}

/* (transfer full) or NULL. */
static GPtrArray *labels_of(const struct store_access *access, GError **error)
{
    const struct jmap_record_type *type = jmap_record_type_of(STORE_LABEL);
    g_autoptr(GPtrArray) records = store_records(access, STORE_LABEL, NULL, error);
    GPtrArray *labels;

    if (records == NULL)
        return NULL;
    labels = g_ptr_array_new_with_free_func(free_label);
    for (guint i = 0; i < records->len; i++) {
        const struct store_record *record = records->pdata[i];
        struct label *label = g_new0(struct label, 1);

        label->account = record->account;
        label->object = jmap_record_object(type, record->data, record->id, record->account);
        g_free(jmap_record_data(type, label->object, &label->key));
        g_ptr_array_add(labels, label);
    }
    return labels;
}

struct jmap_label_copy *jmap_label_copy_new(const struct store_access *from,
                                            const struct store_access *to, GError **error)
{
    g_autoptr(GPtrArray) here = labels_of(from, error), there = NULL;
    struct jmap_label_copy *copy;

    there = here != NULL ? labels_of(to, error) : NULL;
    if (there == NULL)
        return NULL;
    copy = g_new0(struct jmap_label_copy, 1);
    copy->to = to;
    copy->here = g_steal_pointer(&here);
    copy->there = g_steal_pointer(&there);
    return copy;
}

void jmap_label_copy_free(struct jmap_label_copy *copy)
{
    if (copy == NULL)
        return;
    g_ptr_array_unref(copy->here);
    g_ptr_array_unref(copy->there);
    g_free(copy);
}

static const struct label *with_key(const GPtrArray *labels, const char *key)
{
    for (guint i = 0; i < labels->len; i++) {
        const struct label *label = labels->pdata[i];

        if (strcmp(label->key, key) == 0)
            return label;
    }
    return NULL;
}

static bool has_keyword(const GPtrArray *labels, const char *keyword)
{
    for (guint i = 0; i < labels->len; i++)
        if (strcmp(keyword_of(labels->pdata[i]), keyword) == 0)
            return true;
    return false;
}

void jmap_label_copy_translate(const struct jmap_label_copy *copy, int64_t account,
                               struct mail_flags *flags)
{
    struct mail_flags before = {0};

    mail_flags_copy(&before, flags);
    for (guint i = 0; i < copy->here->len; i++) {
        const struct label *label = copy->here->pdata[i];
        const struct label *same = with_key(copy->there, label->key);

        if (label->account != account || same == NULL ||
            !mail_flags_has(&before, keyword_of(label)) ||
            strcmp(keyword_of(label), keyword_of(same)) == 0)
            continue;
        if (!has_keyword(copy->there, keyword_of(label)))
            mail_flags_set(flags, keyword_of(label), false);
        mail_flags_set(flags, keyword_of(same), true);
    }
    mail_flags_clear(&before);
}

void jmap_label_copy_want(struct jmap_label_copy *copy, int64_t account,
                          const struct mail_flags *flags)
{
    for (guint i = 0; i < copy->here->len; i++) {
        struct label *label = copy->here->pdata[i];

        if (label->account == account && mail_flags_has(flags, keyword_of(label)))
            label->wanted = true;
    }
}

void jmap_label_copy_end(struct jmap_label_copy *copy)
{
    const struct jmap_record_type *type = jmap_record_type_of(STORE_LABEL);

    for (guint i = 0; i < copy->here->len; i++) {
        struct label *label = copy->here->pdata[i];
        g_autofree char *key = NULL, *data = NULL;

        if (!label->wanted || has_keyword(copy->there, keyword_of(label)) ||
            with_key(copy->there, label->key) != NULL)
            continue;
        data = jmap_record_data(type, label->object, &key);
        /* Another one made it meanwhile, or there are too many: the keyword says it alone. */
        if (store_record_create(copy->to, STORE_LABEL, &(struct store_record_text){data, key},
                                type->most, NULL) != 0)
            g_ptr_array_add(copy->there, g_steal_pointer(&copy->here->pdata[i]));
    }
}
