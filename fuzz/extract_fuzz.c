/* Contents of attachments: any bytes as each kind of document, outside of the cell that the server
 * keeps them in. The first byte chooses the kind; XML of office documents also without the archive
 * around it, whose checksums would keep a fuzzer out. */
#include "extract/extract.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define MOST 4096

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void fuzz_document(const char *kind, const char *charset, const char *bytes, size_t length)
{
    g_autofree char *text = extract_text(kind, charset, bytes, length, MOST);
    require(text == NULL || (strlen(text) <= MOST && g_utf8_validate(text, -1, NULL)));
}

/* In two pieces, as it comes from an archive. */
static void fuzz_xml(enum office_format format, const char *bytes, size_t length)
{
    struct extract_out out;
    extract_out_init(&out, MOST);
    struct office_xml *xml = office_xml_new(format, &out);
    size_t half = length / 2;
    if (office_xml_feed(xml, bytes, half, false))
        office_xml_feed(xml, bytes + half, length - half, true);
    office_xml_free(xml);
    g_autofree char *text = extract_take(&out);
    require(strlen(text) <= MOST && g_utf8_validate(text, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    switch (data[0] % 8) {
    case 0:
        fuzz_document("pdf", NULL, bytes, size - 1);
        break;
    case 1:
        fuzz_document("office", NULL, bytes, size - 1);
        break;
    case 2:
        fuzz_document("html", NULL, bytes, size - 1);
        break;
    case 3:
        fuzz_document("text", size % 2 == 0 ? "utf-7" : NULL, bytes, size - 1);
        break;
    default:
        fuzz_xml((enum office_format)(data[0] % 4), bytes, size - 1);
    }
    return 0;
}
