/* The word index: contentless FTS5 tables that accounts share, each word behind its account's
 * scope, so that the words of one stand together and nobody meets another's. Row numbers are
 * email.ord: matches come in the order of received_at. */
#ifndef POSTROOM_STORE_SQLITE_FTS_H
#define POSTROOM_STORE_SQLITE_FTS_H

#include "store/sqlite/engine.h"

#define FTS_COLUMNS 8

/* The first word of every text and expression of the account, see tokenizer.h. */
#define FTS_SCOPE_BYTES 12
void fts_scope(int64_t account, char scope[FTS_SCOPE_BYTES]);

/* The account's table, unless it is there. */
bool fts_create(struct tx *tx, int64_t account, GError **error);
/* Forgets the whole account when no other shares its table; *done false: its emails' words are to
 * be removed one by one. */
bool fts_forget_all(struct tx *tx, int64_t account, bool *done, GError **error);
/* Words that were removed leave the file when what holds them is merged: some pages of that. Begins
 * anew where pages is negative. */
bool fts_tidy(struct tx *tx, int64_t account, int pages, bool *more, GError **error);
/* Adds an email's words, unless they are in. kept: from fts_words_keep, stored for fts_remove. */
bool fts_add(struct tx *tx, int64_t account, int64_t email, int64_t ord,
             const struct store_index *index, GBytes *kept, GError **error);
/* The two halves of fts_add, for many emails at once: FTS5 writes out what it gathered whenever a
 * row number is lower than the one before, and at many other statements. So keep all, then index
 * all in ascending order. *fresh: it is to be indexed; else the email went, or is indexed. */
bool fts_keep(struct tx *tx, int64_t email, GBytes *kept, bool *fresh, GError **error);
bool fts_index(struct tx *tx, int64_t account, int64_t ord, const struct store_index *index,
               GError **error);
/* Takes an email's words out of the index. Nothing to do: true. */
bool fts_remove(struct tx *tx, int64_t account, int64_t email, int64_t ord, GError **error);
/* Each word once, by the column where it stands first, compressed: FTS5 must be told every word of
 * a row to forget it. In the caller's thread. (transfer full) */
GBytes *fts_words_keep(struct store *store, int64_t account, const struct store_index *index);
/* Matches by row number. bound: the first row number that counts. */
sqlite3_stmt *fts_query(struct db *db, int64_t account, const char *match, int64_t bound,
                        bool ascending, GError **error);

#endif
