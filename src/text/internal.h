/* What the files of src/text share. */
#ifndef POSTROOM_TEXT_INTERNAL_H
#define POSTROOM_TEXT_INTERNAL_H

#include "text/text.h"

#define WORD_BYTES_MAX 64

/* Called for each folded word: where it stands in the source and what it folds to (not terminated).
 * false ends the walk. */
typedef bool words_function(const char *word, size_t length, size_t start, size_t end, void *arg);
void words_walk(const char *utf8, size_t length, words_function *found, void *arg);

enum char_class {
    CLASS_OTHER,   /* separates words */
    CLASS_WORD,    /* letter or digit */
    CLASS_MARK,    /* belongs to the letter before it; folds to nothing */
    CLASS_COMPLEX, /* above the table: ICU decides */
};

#define FOLD_TABLE 0x600
struct fold_entry {
    unsigned char kind, length;
    char utf8[6];
};
/* Class and folded form of every character below FOLD_TABLE; made once. */
const struct fold_entry *fold_table(void);
/* Colours a letter or is not seen at all: folds to nothing, and parts no word. */
bool fold_is_mark(int c);
/* Folds a run of UTF-16 text of any script; UTF-8, not terminated, at most room bytes. */
size_t fold_run(const unsigned short *text, int length, char *out, size_t room);

#endif
