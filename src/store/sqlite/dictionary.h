/* What the messages of an account have in common (headers, markup, signatures), kept
 * once for zstd: a short message alone has little to compress itself by.
 *
 * An account's first dictionaries are trained when it holds some hundred messages, newer ones each
 * time it has grown eightfold. A packed frame names the dictionary it needs, so old ones stay as
 * long as the account. They are rows of the main file: durable before anything is packed with them,
 * in every backup, and gone with the account. */
#ifndef POSTROOM_STORE_SQLITE_DICTIONARY_H
#define POSTROOM_STORE_SQLITE_DICTIONARY_H

#include "store/sqlite/engine.h"
#include "store/sqlite/learn.h"

#include <zstd.h>

enum dictionary_kind { DICTIONARY_MAIL, DICTIONARY_KINDS };

struct dictionaries *dictionaries_new(void);
void dictionaries_free(struct dictionaries *all);
/* An account was removed. */
void dictionaries_forget(struct dictionaries *all, int64_t account);

/* Immutable, any thread. */
struct dictionary;
void dictionary_unref(struct dictionary *dictionary);

/* The newest one of the account, for these bytes, which are about to be packed; when the account
 * has grown enough a new one is trained first, in the caller's thread, which must neither be the
 * writer's nor hold a reader. NULL: there is none (yet, or it cannot be read), and never one for
 * account 0, where uploads stand that belong to a person. (transfer full) */
struct dictionary *dictionary_for(struct store *store, int64_t account, enum dictionary_kind kind,
                                  const void *bytes, size_t length);
/* Of NULL: NULL. */
const ZSTD_CDict *dictionary_packs(const struct dictionary *dictionary);
const ZSTD_DDict *dictionary_unpacks(const struct dictionary *dictionary);

/* The one that a frame names. main: a connection to the main file. (transfer full); NULL: it cannot
 * be read, or (ERROR_STORE) is not there. */
struct dictionary *dictionary_of(struct store *store, struct db *main, unsigned number,
                                 GError **error);

/* Unpacks one frame into room of exactly its content's size. main: a connection to the main file,
 * for the dictionary that the frame may need. ERROR_STORE: damaged. */
bool dictionary_unpack(struct store *store, struct db *main, const void *packed,
                       size_t packed_length, void *out, size_t length, GError **error);

/* --- dictionary_train.c */
/* Trains and keeps dictionaries of the account, made when it held `emails` messages: from these
 * samples, one set a kind, or (NULL) from what is stored. Where there is too little to learn from
 * no row is made, which is no error. Blocks. */
bool dictionary_train(struct store *store, int64_t account, int64_t emails,
                      const struct learn_samples *samples, GError **error);
/* Dictionary number of a row, as frames have it: those below are reserved by zstd. */
#define DICTIONARY_FIRST INT64_C(32768)

#endif
