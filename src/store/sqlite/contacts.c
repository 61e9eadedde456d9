#include "store/sqlite/contacts.h"

#include "base/clock.h"
#include "store/contacts.h"
#include "text/text.h"

#include <string.h>

#define PEOPLE_MAX 50 /* of one message */
#define NAME_OCTETS 200
#define ADDRESS_OCTETS 320
#define WORDS_MAX 8 /* of what is typed */
/* Rows between two looks at how many there are. */
#define PRUNE_EVERY 512
/* Letters from here on are not parted into words by spaces. */
#define IDEOGRAPHS 0x2e80

/* --- what is kept */

static void free_person(gpointer pointer)
{
    struct contact_person *person = pointer;
    g_free(person->address);
    g_free(person->email);
    g_free(person->name);
    g_free(person->words);
    g_free(person);
}

static char *key_of(const char *email)
{
    g_autofree char *normal = g_utf8_normalize(email, -1, G_NORMALIZE_NFKC);
    return g_utf8_casefold(normal != NULL ? normal : email, -1);
}

static const char *next_letter(const char *c)
{
    return c + g_utf8_skip[(unsigned char)*c];
}

/* Signs that turn what follows around, and others that are not seen. */
static bool is_hidden(gunichar c)
{
    return g_unichar_iscntrl(c) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* A name as people may see it; NULL: none, or one that pretends to be an address. */
static char *name_of(const char *name)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (name == NULL || !g_utf8_validate(name, -1, NULL) || strchr(name, '@') != NULL)
        return NULL;
    for (const char *c = name; *c != '\0' && out->len < NAME_OCTETS; c = next_letter(c))
        if (!is_hidden(g_utf8_get_char(c)))
            g_string_append_unichar(out, g_utf8_get_char(c));
    g_strstrip(out->str);
    return out->str[0] != '\0' ? g_strdup(out->str) : NULL;
}

static bool is_address(const char *email)
{
    const char *at = email != NULL ? strrchr(email, '@') : NULL;
    if (at == NULL || at == email || at[1] == '\0' || strlen(email) > ADDRESS_OCTETS ||
        !g_utf8_validate(email, -1, NULL))
        return false;
    for (const char *c = email; *c != '\0'; c = next_letter(c))
        if ((unsigned char)*c <= ' ' || strchr("<>()[],;:\\\"", *c) != NULL ||
            is_hidden(g_utf8_get_char(c)))
            return false;
    return true;
}

/* Folded, each part behind a space: " anna lampe anna.lampe@contoso.example lampe contoso …". */
static char *words_of(const char *name, const char *email)
{
    g_autofree char *folded_name = text_fold(name != NULL ? name : "");
    g_autofree char *folded_email = text_fold(email);
    GString *words = g_string_new(" ");
    for (const char *c = folded_name; *c != '\0'; c = next_letter(c)) {
        gunichar letter = g_utf8_get_char(c);
        bool parts = !g_unichar_isalnum(letter) && !g_unichar_ismark(letter) && letter != '\'';
        g_string_append_unichar(words, parts ? ' ' : letter);
    }
    g_string_append_printf(words, " %s", folded_email);
    for (const char *c = folded_email; *c != '\0'; c++)
        if (strchr("@.-_+", *c) != NULL && c[1] != '\0')
            g_string_append_printf(words, " %.*s", (int)strcspn(c + 1, "@.-_+"), c + 1);
    return g_string_free(words, FALSE);
}

/* By how it is called: nobody reads what is sent there. */
static bool is_automatic(const char *address)
{
    static const char *const names[] = {"noreply",     "donotreply",    "notreply",
                                        "nepasrepond", "mailerdaemon",  "postmaster",
                                        "bounce",      "notifications", "nichtantworten",
                                        "autoreply",   "unsubscribe"};
    g_autoptr(GString) local = g_string_new(NULL);
    for (const char *c = address; *c != '\0' && *c != '@'; c++)
        if (*c != '-' && *c != '_' && *c != '.')
            g_string_append_c(local, *c);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strstr(local->str, names[i]) != NULL)
            return true;
    return false;
}

GPtrArray *contacts_of(const struct mail_addresses *const *lists, size_t count)
{
    GPtrArray *people = g_ptr_array_new_with_free_func(free_person);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < lists[i]->count && people->len < PEOPLE_MAX; k++) {
            const struct mail_address *item = &lists[i]->items[k];
            if (!is_address(item->email))
                continue;
            struct contact_person *person = g_new0(struct contact_person, 1);
            person->address = key_of(item->email);
            person->email = g_strdup(item->email);
            person->name = name_of(item->name);
            person->words = words_of(person->name, item->email);
            g_ptr_array_add(people, person);
        }
    return people;
}

static bool prune(struct tx *tx, int64_t account, GError **error)
{
    return DB_RUN(tx->db, error,
                  "DELETE FROM contact WHERE id IN (SELECT id FROM contact WHERE account = ?"
                  " ORDER BY sent > 0 DESC, last DESC LIMIT -1 OFFSET ?)",
                  I(account), I(CONTACTS_MAX));
}

/* What people call themselves counts more than what others call them. */
static bool learn_one(struct tx *tx, int64_t account, const struct contact_person *person,
                      bool wrote, int64_t at, GError **error)
{
    int64_t before = sqlite3_last_insert_rowid(tx->db->handle);
    if (!DB_RUN(tx->db, error,
                "INSERT INTO contact(account, address, email, name, words, sent, got, last,"
                " automatic) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 1 - ?6, ?7, ?8) ON CONFLICT(account,"
                " address) DO UPDATE SET sent = sent + ?6, got = got + 1 - ?6, last = max(last,"
                " ?7), words = iif(?4 IS NOT NULL AND (name IS NULL OR (?6 = 0 AND ?7 >= last)),"
                " ?5, words), name = iif(?4 IS NOT NULL AND (name IS NULL OR (?6 = 0 AND ?7 >="
                " last)), ?4, name)",
                I(account), T(person->address), T(person->email), T(person->name), T(person->words),
                I(wrote), I(at), I(is_automatic(person->address))))
        return false;
    int64_t now = sqlite3_last_insert_rowid(tx->db->handle);
    return now == before || now % PRUNE_EVERY != 0 || prune(tx, account, error);
}

bool contacts_learn(struct tx *tx, int64_t account, const GPtrArray *people, bool wrote, int64_t at,
                    GError **error)
{
    for (guint i = 0; people != NULL && i < people->len; i++)
        if (!learn_one(tx, account, people->pdata[i], wrote, at, error))
            return false;
    return true;
}

/* --- suggestions */

void store_contact_free(struct store_contact *contact)
{
    if (contact == NULL)
        return;
    g_free(contact->email);
    g_free(contact->name);
    g_free(contact);
}

static void free_contact(gpointer contact)
{
    store_contact_free(contact);
}

/* The words of what was typed, as instr looks for them in contact.words; the rest stays "". */
static void read_words(const char *text, char *words[WORDS_MAX])
{
    g_autofree char *folded = text_fold(text);
    g_auto(GStrv) typed = g_strsplit_set(folded, " \t\r\n,;<>()\"", -1);
    size_t used = 0;
    for (size_t i = 0; typed[i] != NULL && used < WORDS_MAX; i++)
        if (typed[i][0] != '\0') {
            bool within = g_utf8_get_char(typed[i]) >= IDEOGRAPHS;
            words[used++] = g_strconcat(within ? "" : " ", typed[i], NULL);
        }
    while (used < WORDS_MAX)
        words[used++] = g_strdup("");
}

/* An account's best; those of several are one where the address is. */
static void add_account(struct db *db, const struct store_access *access, int64_t account,
                        char *const words[WORDS_MAX], GHashTable *found, GError **error)
{
    int64_t user = store_principal_user(store_access_principal(access));
    sqlite3_stmt *row = DB_QUERY(
        db, error,
        "SELECT address, email, name, sent > 0, automatic, last, (10.0 * min(sent, 100) + min(got,"
        " 100)) / (1 + max(?3 - last, 0) / 7776000.0) AS score FROM contact WHERE account = ?1 AND"
        " instr(words, ?4) AND instr(words, ?5) AND instr(words, ?6) AND instr(words, ?7) AND"
        " instr(words, ?8) AND instr(words, ?9) AND instr(words, ?10) AND instr(words, ?11) AND"
        " address NOT IN (SELECT key FROM record WHERE owner = ?2 AND type = ?12)"
        " ORDER BY automatic, score DESC LIMIT ?13",
        I(account), I(LOG_USER(user)), I(clock_wall()), T(words[0]), T(words[1]), T(words[2]),
        T(words[3]), T(words[4]), T(words[5]), T(words[6]), T(words[7]), I(STORE_HIDDEN_CONTACT),
        I(STORE_SUGGEST_MAX));
    while (db_step(db, row, error)) {
        struct store_contact *known = g_hash_table_lookup(found, db_text(row, 0));
        double score = sqlite3_column_double(row, 6);
        if (known == NULL) {
            known = g_new0(struct store_contact, 1);
            known->email = db_text_copy(row, 1);
            known->automatic = db_int(row, 4) != 0;
            g_hash_table_insert(found, db_text_copy(row, 0), known);
        }
        if (known->name == NULL)
            known->name = db_text_copy(row, 2);
        known->wrote = known->wrote || db_int(row, 3) != 0;
        known->last = MAX(known->last, db_int(row, 5));
        known->score += score;
    }
}

static gint best_first(gconstpointer left, gconstpointer right)
{
    const struct store_contact *a = *(const struct store_contact *const *)left;
    const struct store_contact *b = *(const struct store_contact *const *)right;
    if (a->automatic != b->automatic)
        return a->automatic ? 1 : -1;
    if (a->score < b->score || a->score > b->score)
        return a->score < b->score ? 1 : -1;
    return strcmp(a->email, b->email);
}

GPtrArray *store_contacts(const struct store_access *access, const char *text, size_t limit,
                          GError **error)
{
    GError *cause = NULL;
    char *words[WORDS_MAX];
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const GArray *accounts = store_access_accounts(access);
    read_words(text, words);
    for (guint i = 0; i < accounts->len && cause == NULL; i++)
        add_account(&reader->main, access, g_array_index(accounts, int64_t, i), words, found,
                    &cause);
    reader_end(store, reader);
    for (size_t i = 0; i < WORDS_MAX; i++)
        g_free(words[i]);
    GPtrArray *contacts = g_ptr_array_new_with_free_func(free_contact);
    GHashTableIter iter;
    gpointer contact;
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_iter_next(&iter, NULL, &contact))
        g_ptr_array_add(contacts, contact);
    g_ptr_array_sort(contacts, best_first);
    g_ptr_array_set_size(contacts, (gint)MIN(contacts->len, MIN(limit, STORE_SUGGEST_MAX)));
    return db_settle_list(contacts, cause, error);
}
