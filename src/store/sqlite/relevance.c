#include "store/sqlite/relevance.h"

#include "store/sqlite/fts.h"
#include "store/sqlite/terms.h"

#define WORDS_MAX 16
#define ROWS_MAX 200000 /* read in all, for one search */
#define COMMON 1000     /* rows beyond which a word is as common as any */
/* Of what stands in further fields too. */
#define FURTHER 0.25

static const struct {
    const char *letter;
    enum store_filter_kind kind; /* the condition on this field alone */
    double weight;
} fields[] = {
    {TERMS_SUBJECT, STORE_SUBJECT, 8},
    {TERMS_FROM, STORE_FROM, 6},
    {TERMS_TO, STORE_TO, 4},
    {TERMS_CC, STORE_CC, 4},
    {TERMS_BCC, STORE_BCC, 4},
    {"", STORE_BODY, 3},
    {TERMS_FILENAMES, STORE_FILENAME, 2},
    {TERMS_QUOTED, STORE_BODY, 1},
};

struct place {
    struct relevance_match *match;
    int64_t ord;
    double best; /* of one word */
};

/* The matches of one account. */
struct part {
    struct query *query;
    GArray *places; /* struct place, ord descends */
    unsigned rows_left;
};

struct weighing {
    struct part *parts; /* by account */
    size_t count;
    unsigned words;
};

/* Matches and rows both descend: one step through either. Returns how many rows were read. */
static unsigned merge(struct part *part, const char *match, double weight)
{
    struct query *query = part->query;
    struct place *place = &g_array_index(part->places, struct place, 0);
    const struct place *end = place + part->places->len;
    unsigned rows = 0;
    sqlite3_stmt *row = fts_query(&query->reader->main, query->account, match, place->ord, false,
                                  -1, &query->error);
    while (place < end && rows < part->rows_left &&
           db_step(&query->reader->main, row, &query->error)) {
        int64_t ord = db_int(row, 0);
        rows++;
        while (place < end && place->ord > ord)
            place++;
        if (place == end || place->ord != ord)
            continue;
        double more = MIN(place->best, weight) * FURTHER;
        place->best = MAX(place->best, weight) + more;
    }
    db_done(row);
    part->rows_left -= rows;
    return rows;
}

static unsigned look_up(struct part *part, enum store_filter_kind kind, const char *word,
                        bool prefix)
{
    char scope[TERMS_SCOPE_BYTES];
    unsigned rows = 0;
    terms_scope(part->query->account, scope);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (kind != STORE_TEXT && kind != fields[i].kind)
            continue;
        /* Folded words are letters and digits: nothing in them ends the quotes. */
        g_autofree char *match =
            g_strdup_printf("\"%s %s%s\"%s", scope, fields[i].letter, word, prefix ? " *" : "");
        rows += merge(part, match, fields[i].weight);
    }
    return rows;
}

static void weigh_word(struct weighing *w, enum store_filter_kind kind, const char *word,
                       bool prefix)
{
    unsigned rows = 0;
    for (size_t i = 0; i < w->count; i++)
        if (w->parts[i].places->len > 0)
            rows += look_up(&w->parts[i], kind, word, prefix);
    double rare = g_bit_storage(1 + COMMON / (1 + (gulong)rows));
    for (size_t i = 0; i < w->count; i++) {
        for (guint k = 0; k < w->parts[i].places->len; k++) {
            struct place *place = &g_array_index(w->parts[i].places, struct place, k);
            place->match->worth += rare * place->best;
            place->best = 0;
        }
    }
}

static void weigh(struct weighing *w, const struct store_filter *filter)
{
    for (guint i = 0; filter->children != NULL && i < filter->children->len; i++)
        weigh(w, filter->children->pdata[i]);
    for (char **word = filter->words; word != NULL && *word != NULL && w->words < WORDS_MAX;
         word++, w->words++)
        weigh_word(w, filter->kind, *word, filter->prefix && word[1] == NULL);
}

static void share_out(struct weighing *w, struct relevance_match *matches, size_t count)
{
    unsigned with_matches = 0;
    for (size_t i = 0; i < count; i++) {
        const struct candidate *candidate = matches[i].candidate;
        const struct place place = {.match = &matches[i], .ord = candidate->ord};
        g_array_append_val(w->parts[candidate->query->nth].places, place);
    }
    for (size_t i = 0; i < w->count; i++)
        with_matches += w->parts[i].places->len > 0;
    for (size_t i = 0; i < w->count; i++)
        w->parts[i].rows_left = ROWS_MAX / MAX(with_matches, 1);
}

void relevance_weigh(struct listing *listing, struct relevance_match *matches, size_t count)
{
    g_autofree struct part *parts = g_new0(struct part, listing->count + 1);
    struct weighing w = {.parts = parts, .count = listing->count};
    if (count == 0)
        return;
    for (size_t i = 0; i < w.count; i++) {
        parts[i].query = &listing->queries[i];
        parts[i].places = g_array_new(FALSE, FALSE, sizeof(struct place));
    }
    share_out(&w, matches, count);
    /* What a filter's words are is the same in every account. */
    const GPtrArray *worded_by = listing->queries[0].worded_by;
    for (guint i = 0; i < worded_by->len; i++)
        weigh(&w, worded_by->pdata[i]);
    for (size_t i = 0; i < w.count; i++)
        g_array_unref(parts[i].places);
}
