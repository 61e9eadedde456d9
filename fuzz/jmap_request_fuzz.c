/* What an API client may send to src/jmap, over a real store with a few mails. The first byte
 * chooses: a whole request; method calls with every capability in use; ids of blobs and images. */
#include "fuzz.h"

#include "jmap_fixture.h"

#include <stdlib.h>

static struct jmap_fixture fixture;

static const char mail[] =
    "From: \"Joe\" <joe@example.org>\nTo: Team: ann@mail.example;\nSubject: =?utf-8?Q?=C3=BC?=\n"
    "Message-ID: <one@example.org>\nDate: Mon, 05 Feb 2024 10:20:30 +0200\nMIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello world\n"
    "--b\nContent-Type: text/html\n\n<p>hello <img src=\"cid:x\"></p>\n"
    "--b\nContent-Type: image/gif\nContent-ID: <x>\n\nGIF89a--------\n"
    "--b\nContent-Type: message/rfc822\n\nSubject: inner\n\ninside\n--b--\n";

static void finish(void)
{
    jmap_fixture_close(&fixture);
}

static void start(void)
{
    if (fixture.jmap != NULL)
        return;
    jmap_fixture_open(&fixture);
    jmap_fixture_put(&fixture, fixture.m.inbox, 1, MAIL_SEEN, 1000, mail);
    jmap_fixture_put(&fixture, fixture.m.inbox, 2, 0, 2000, "From: a@b.example\n\nsecond\n");
    jmap_fixture_put_pending(&fixture, fixture.m.archive, 3, 3000, "Subject: later\n\nthird\n");
    atexit(finish);
}

/* Whatever was sent, the answer is a problem or a response in the form of RFC 8620, 3.4. */
static void check_request(const char *text, size_t length)
{
    int status = 0;
    json_t *answer = jmap_fixture_send(&fixture, fixture.m.user, text, length, &status), *response;
    size_t i;

    if (status == 400) {
        if (!json_is_string(json_object_get(answer, "type")))
            abort();
    } else {
        json_array_foreach(json_object_get(answer, "methodResponses"), i, response)
        {
            if (json_array_size(response) != 3 || !json_is_object(json_array_get(response, 1)))
                abort();
        }
        if (status != 200 || !json_is_string(json_object_get(answer, "sessionState")))
            abort();
    }
    json_decref(answer);
}

static void fuzz_calls(const char *text, size_t length)
{
    static const char head[] =
        "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\","
        "\"urn:ietf:params:jmap:submission\",\"urn:postroom:manage\"],\"methodCalls\":";
    GString *request = g_string_new(head);

    g_string_append_len(request, text, (gssize)length);
    g_string_append_c(request, '}');
    check_request(request->str, request->len);
    g_string_free(request, TRUE);
}

static void fuzz_ids(const char *text)
{
    struct jmap_image image;
    GBytes *bytes = jmap_download(fixture.jmap, fixture.m.user, "a1", text, NULL);

    if (bytes != NULL)
        g_bytes_unref(bytes);
    /* Nobody signed what a fuzzer makes. */
    if (jmap_image_resolve(fixture.jmap, fixture.m.user, text, &image, NULL))
        abort();
    jmap_image_clear(&image);
    g_assert_null(jmap_download(fixture.jmap, fixture.m.user, text, "b1", NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = NULL;

    if (size < 1 || size > 65536)
        return 0;
    start();
    text = g_strndup((const char *)data + 1, size - 1);
    if (data[0] == 'R')
        check_request((const char *)data + 1, size - 1);
    else if (data[0] == 'I' && strcmp(text, "a1") != 0)
        fuzz_ids(text);
    else
        fuzz_calls((const char *)data + 1, size - 1);
    return 0;
}
