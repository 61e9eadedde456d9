/* The IMAP response parser: any bytes, and the same words however they are split. The first byte
 * chooses the split and the limits. */
#include "fuzz.h"
#include "imap_describe.h"

#include <stdlib.h>
#include <string.h>

static const struct imap_limits tight = {.line_max = 256,
                                         .numbers_max = 1024,
                                         .stream_max = 4096,
                                         .depth_max = 4,
                                         .tokens_max = 32};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    size_t length = size - 1;
    const struct imap_limits *limits = (data[0] & 0x80) != 0 ? &tight : &imap_limits_default;
    g_autofree char *whole = imap_describe(bytes, length, length, limits);
    g_autofree char *split = imap_describe(bytes, length, 1 + data[0] % 64, limits);
    if (strcmp(whole, split) != 0)
        abort();
    return 0;
}
