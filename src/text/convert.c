#include "text/internal.h"
#include "text/text.h"

#include <string.h>
#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

/* Below this confidence of a hundred a guess is worse than none. */
#define CONFIDENCE_MIN 25
#define GUESS_BYTES 8192

/* The most likely charset of the bytes, from the eight-bit ones in front; NULL when nothing is
 * likely. */
static UConverter *open_guessed(const char *bytes, size_t length)
{
    UErrorCode status = U_ZERO_ERROR;
    UCharsetDetector *detector = ucsdet_open(&status);
    ucsdet_setText(detector, bytes, (int)MIN(length, (size_t)GUESS_BYTES), &status);
    const UCharsetMatch *match = ucsdet_detect(detector, &status);
    UConverter *converter = NULL;
    if (U_SUCCESS(status) && match != NULL &&
        ucsdet_getConfidence(match, &status) >= CONFIDENCE_MIN) {
        const char *name = ucsdet_getName(match, &status);
        if (U_SUCCESS(status) && strncmp(name, "UTF-", 4) != 0 && strncmp(name, "IBM", 3) != 0)
            converter = ucnv_open(strcmp(name, "ISO-8859-1") == 0 ? "windows-1252" : name, &status);
    }
    ucsdet_close(detector);
    return converter;
}

static char *convert(UConverter *converter, const char *bytes, size_t length, bool *replaced)
{
    UErrorCode status = U_ZERO_ERROR;
    GString *out = g_string_sized_new(length + length / 2 + 16);
    const char *source = bytes, *end = bytes + length;
    UConverter *utf8 = ucnv_open("UTF-8", &status);
    UChar pivot[1024], *pivot_source = pivot, *pivot_target = pivot;
    bool first = true;
    do {
        char buffer[4096] = {0}, *target = buffer;
        status = U_ZERO_ERROR;
        ucnv_convertEx(utf8, converter, &target, buffer + sizeof buffer, &source, end, pivot,
                       &pivot_source, &pivot_target, pivot + G_N_ELEMENTS(pivot), first, TRUE,
                       &status);
        first = false;
        for (const char *p = buffer; p < target; p++)
            if (*p != '\0')
                g_string_append_c(out, *p);
    } while (status == U_BUFFER_OVERFLOW_ERROR);
    ucnv_close(utf8);
    if (replaced != NULL && strstr(out->str, "\xef\xbf\xbd") != NULL)
        *replaced = true;
    return g_string_free(out, FALSE);
}

char *text_to_utf8(const char *charset, const char *bytes, size_t length, bool *replaced)
{
    UErrorCode status = U_ZERO_ERROR;
    if (length > G_MAXINT32 / 4)
        return NULL;
    UConverter *converter =
        charset != NULL ? ucnv_open(charset, &status) : open_guessed(bytes, length);
    if (converter == NULL || U_FAILURE(status))
        return NULL;
    char *text = convert(converter, bytes, length, replaced);
    ucnv_close(converter);
    return text;
}
