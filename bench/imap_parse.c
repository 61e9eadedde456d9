/* How fast the IMAP parser reads: a stream of whole messages, and one of headers as a first sync
 * asks for. Prints megabytes and messages a second. */
#include "base/clock.h"
#include "imap/parser.h"

#include <stdio.h>
#include <string.h>

#define PIECE 16384 /* what one TLS record brings */
#define SECONDS 1

static bool take_begin(enum imap_section section, uint64_t length, void *arg)
{
    (void)section;
    (void)length;
    (void)arg;
    return true;
}

/* Copies, as a client does. */
static void take_data(enum imap_section section, const char *bytes, size_t length, void *arg)
{
    (void)section;
    memcpy(arg, bytes, length);
}

/* FETCH responses of messages of `size` bytes, about 32 MB. */
static GString *make_stream(const char *item, size_t size)
{
    GString *stream = g_string_new(NULL);
    g_autofree char *data = g_strnfill(size, 'x');
    for (unsigned uid = 1; stream->len < 32 * 1024 * 1024 && uid < 200000; uid++)
        g_string_append_printf(stream,
                               "* %u FETCH (UID %u FLAGS (\\Seen $Forwarded) INTERNALDATE "
                               "\"17-Jul-2024 02:44:25 +0000\" RFC822.SIZE %zu %s {%zu}\r\n%s)\r\n",
                               uid, uid + 1000, size, item, size, data);
    return stream;
}

static uint64_t parse_once(struct imap_parser *parser, const GString *stream)
{
    uint64_t responses = 0;
    for (size_t at = 0; at < stream->len;) {
        size_t end = MIN(stream->len, at + PIECE);
        while (at < end) {
            const struct imap_response *response = NULL;
            size_t used = 0;
            if (imap_parser_feed(parser, stream->str + at, end - at, &used, &response) ==
                IMAP_PARSE_OK)
                responses += response->fetch.uid != 0;
            at += used;
        }
    }
    return responses;
}

static void measure(const char *name, const char *item, size_t size)
{
    static char sink_room[PIECE];
    struct imap_sink sink = {take_begin, take_data, sink_room};
    struct imap_parser *parser = imap_parser_new(&imap_limits_default, &sink);
    GString *stream = make_stream(item, size);
    uint64_t bytes = 0, responses = 0;
    int64_t start = clock_now(), now = start;
    for (; now - start < SECONDS * CLOCK_SECOND; now = clock_now()) {
        responses += parse_once(parser, stream);
        bytes += stream->len;
    }
    double seconds = (double)(now - start) / (double)CLOCK_SECOND;
    printf("imap-parse %-8s %7zu bytes a message: %8.0f MB/s %9.0f messages/s\n", name, size,
           (double)bytes / seconds / 1e6, (double)responses / seconds);
    g_string_free(stream, TRUE);
    imap_parser_free(parser);
}

int main(void)
{
    measure("headers", "BODY[HEADER.FIELDS (Date From Subject Message-ID References)]", 600);
    measure("bodies", "BODY[]", 4096);
    measure("bodies", "BODY[]", 65536);
    measure("bodies", "BODY[]", 4194304);
    return 0;
}
