/* Words: breaking, folding, snippets. The only place that sees ICU. All functions are thread-safe;
 * strings UTF-8.
 *
 * The same breaker serves index and query. I, İ, ı, i fold alike; ü folds to u, ß to ss, accents
 * and Hebrew points go, and its final letters are as others; Ukrainian apostrophes are one; Chinese
 * by ICU's dictionary; an emoji is a word. TEXT_VERSION changes when any of that does. */
#ifndef POSTROOM_TEXT_TEXT_H
#define POSTROOM_TEXT_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define TEXT_VERSION 3
/* That and ICU's version, which the folding and the dictionaries of words come with: what words
 * were broken with. No folded word has an ASCII capital in it. */
const char *text_version(void);

/* Folded words joined by single spaces, ready for the index; words over 64 bytes are cut, at most
 * max_words (0: no limit). Invalid UTF-8 is replaced. (transfer full), "" for nothing. */
char *text_index_words(const char *utf8, gssize length, size_t max_words);
/* The words of a search term in order; NULL-terminated, (transfer full). At most 32. */
char **text_query_words(const char *utf8);
/* One text folded whole, for comparing and sorting. (transfer full) */
char *text_fold(const char *utf8);

/* Collations (RFC 4790): by folding, which is ours where none is asked for, or as they are named:
 * i;ascii-casemap (RFC 4790, 9.2), i;unicode-casemap (RFC 5051). */
enum text_collation { TEXT_COLLATE_FOLDED, TEXT_COLLATE_ASCII, TEXT_COLLATE_UNICODE };
/* false: there is none of that name. */
bool text_collation_of(const char *name, enum text_collation *collation);
/* Keys stand to each other (strcmp) as the texts do. (transfer full) */
char *text_collation_key(enum text_collation collation, const char *utf8);

/* A snippet around the place where most of the terms stand, in <mark></mark>, other HTML escaped
 * (RFC 8621, 5); at most max_octets with all that, and no character is cut from what belongs to it.
 * A term is a folded word, or several with spaces between that must follow each other; "*" behind
 * makes its last word a beginning. NULL when no term occurs. (transfer full) */
char *text_snippet(const char *utf8, const char *const *terms, size_t max_octets);

/* When a day begins in a time zone (IANA's name; NULL: the machine's; an unknown one is UTC), in
 * seconds. Months and days outside their range are counted on: day 0 is the day before the 1st. */
int64_t text_day_start(const char *zone, int year, int month, int day);
void text_day_of(const char *zone, int64_t seconds, int *year, int *month, int *day);

/* Bytes in a named charset (NULL: guessed from the bytes) to UTF-8 with ICU, bad sequences replaced
 * by U+FFFD (*replaced set then); NULL: ICU does not know the charset, or has no guess. (transfer
 * full). Used by mime through a hook, see mime_set_converter. */
char *text_to_utf8(const char *charset, const char *bytes, size_t length, bool *replaced);

#endif
