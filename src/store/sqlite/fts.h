/* The word index: contentless FTS5 tables that accounts share, each word behind its account's
 * scope, so that the words of one stand together and nobody meets another's (terms.h). Row numbers
 * are email.ord: matches come in the order of received_at. */
#ifndef POSTROOM_STORE_SQLITE_FTS_H
#define POSTROOM_STORE_SQLITE_FTS_H

#include "store/sqlite/engine.h"
#include "store/sqlite/terms.h"

/* FTS5 keeps four tables for an index, and SQLite reads its whole schema again at each change of
 * it: so there are few indexes, and each has the words of every so many'th account. */
#define FTS_TABLES 64

/* The account's table, unless it is there. */
bool fts_create(struct tx *tx, int64_t account, GError **error);
/* Drops and makes it, whatever it was made like; table: the account's number modulo FTS_TABLES. */
bool fts_make_anew(struct tx *tx, int64_t table, GError **error);
/* Forgets the whole account when no other shares its table; *done false: its emails' words are to
 * be removed one by one. */
bool fts_forget_all(struct tx *tx, int64_t account, bool *done, GError **error);
/* Empties the account's table, for all that share it: they are indexed anew (reindex.c). */
bool fts_start_anew(struct tx *tx, int64_t account, GError **error);
/* Words that were removed leave the file when what holds them is merged: some pages of that. Begins
 * anew where pages is negative. */
bool fts_tidy(struct tx *tx, int64_t account, int pages, bool *more, GError **error);
/* Adds an email's words, unless they are in. */
bool fts_add(struct tx *tx, int64_t account, int64_t email, int64_t ord, const struct terms *terms,
             GError **error);
/* The two halves of fts_add, for many emails at once: FTS5 writes out what it gathered whenever a
 * row number is lower than the one before, and at many other statements. So mark all, then index
 * all in ascending order. *fresh: it is to be indexed; else the email went, or is indexed. */
bool fts_mark(struct tx *tx, int64_t email, const struct terms *terms, bool *fresh, GError **error);
bool fts_index(struct tx *tx, int64_t account, int64_t ord, const struct terms *terms,
               GError **error);
/* Adds words to those of an email which cannot be derived from its message: broken and folded, a
 * space between; found as words of its body. They are kept, and take the place of those that were
 * added before (which must be among them). ERROR_NOT_FOUND: the email went. */
bool fts_more(struct tx *tx, int64_t email, const char *words, GError **error);
/* Those words of an email; NULL also with error: there are none. (transfer full) */
char *fts_kept(struct db *db, int64_t email, GError **error);
/* They are appended to its terms: all is indexed, and forgotten, together. */
bool fts_append_kept(struct tx *tx, int64_t email, struct terms *terms, GError **error);
/* Takes an email's words out of the index: FTS5 must be told every one of them, and they are
 * derived from the message again, which must still be there. Where they are not those that went in,
 * the table starts anew. Nothing to do: true. known: what was read of it before (reading_terms), so
 * that the writer need not; may be NULL. */
bool fts_remove(struct tx *tx, int64_t email, const struct terms *known, GError **error);
/* Matches by row number. bound: the first row number that counts; limit negative: none. Valid until
 * the next use for any account of the table. */
sqlite3_stmt *fts_query(struct db *db, int64_t account, const char *match, int64_t bound,
                        bool ascending, int64_t limit, GError **error);
/* Of those that are shown: ord, id, thread and bits of the email. */
sqlite3_stmt *fts_query_shown(struct db *db, int64_t account, const char *match, int64_t bound,
                              bool ascending, int64_t limit, GError **error);

#endif
