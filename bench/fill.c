/* Fills an account without a mail server, as a first sync would: every message is read, stored and
 * indexed by the same code. For benchmarks of what is asked of large accounts.
 *   bench_fill DATA KEY_FILE USER PASSWORD ADDRESS < MESSAGES
 * USER is there already. The account is paused. Each message stands behind a line "MAILBOX FLAGS
 * SECONDS LENGTH": 0 is the inbox, 1 the archive; bits of enum mail_flag; when it was received. */
#include "bench.h"

#include "store/admin.h"
#include "store/sync.h"
#include "sync/intake.h"
#include "sync/sync.h"

#include <string.h>

#define BATCH 500
#define MAILBOXES 2
#define LENGTH_MAX (64UL * 1024 * 1024)

struct fill {
    struct store *store;
    int64_t account;
    struct store_remote_mailbox mailboxes[MAILBOXES];
    struct store_batch *gathered, *written; /* they take turns */
    unsigned waiting;                       /* in the one that is gathered */
};

static void add_account(struct fill *fill, const char *user, const char *password,
                        const char *address)
{
    GError *error = NULL;
    struct secret *secret = secret_new(password, strlen(password));
    struct store_principal *principal = store_sign_in_password(fill->store, user, secret, &error);
    must(principal != NULL, error);
    const struct store_link link = {.address = address,
                                    .user = store_principal_user(principal),
                                    .imap_host = "localhost",
                                    .imap_port = 1,
                                    .imap_security = "tls",
                                    .imap_login = address,
                                    .smtp_host = "localhost",
                                    .smtp_port = 1,
                                    .smtp_security = "tls",
                                    .smtp_login = address,
                                    .password = secret};
    fill->account = store_link(fill->store, &link, NULL, &error);
    must(fill->account != 0, error);
    must(store_account_pause(fill->store, fill->account, true, &error), error);
    store_principal_unref(principal);
    secret_free(secret);
}

static void add_mailbox(struct fill *fill, size_t index, char *name, enum mail_role role)
{
    GError *error = NULL;
    struct store_remote_mailbox *mailbox = &fill->mailboxes[index];
    *mailbox = (struct store_remote_mailbox){.raw_name = name,
                                             .name = name,
                                             .delimiter = '/',
                                             .role = role,
                                             .selectable = true,
                                             .subscribed = true,
                                             .sync = true,
                                             .uidvalidity = 1,
                                             .uidnext = 1,
                                             .headers_done = true};
    must(store_sync_mailbox_put(fill->store, fill->account, mailbox, &error), error);
}

static void commit(struct fill *fill)
{
    GError *error = NULL;
    struct store_batch *batch = fill->gathered;
    must(store_batch_finish(fill->written, NULL, &error), error);
    store_batch_start(batch, STORE_LANE_BULK);
    fill->gathered = fill->written;
    fill->written = batch;
    fill->waiting = 0;
}

static void add_message(struct fill *fill, struct store_remote_mailbox *mailbox, uint32_t bits,
                        int64_t received_at, GBytes *raw)
{
    struct sync_parsed parsed = {0};
    sync_parse(raw, &parsed);
    const struct store_batch_message message = {.mailbox = mailbox->id,
                                                .uidvalidity = mailbox->uidvalidity,
                                                .uid = mailbox->uidnext++,
                                                .flags = {.bits = bits},
                                                .received_at = received_at,
                                                .size = g_bytes_get_size(raw),
                                                .summary = parsed.summary,
                                                .raw = raw,
                                                .index = &parsed.index};
    store_batch_message(fill->gathered, &message);
    sync_parsed_clear(&parsed);
    if (++fill->waiting == BATCH)
        commit(fill);
}

/* false: that was all. */
static bool read_message(struct fill *fill)
{
    unsigned mailbox, bits;
    long long seconds;
    unsigned long length;
    char line[128];
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    must(sscanf(line, "%u %u %lld %lu", &mailbox, &bits, &seconds, &length) == 4 &&
             mailbox < MAILBOXES && length <= LENGTH_MAX,
         NULL);
    char *bytes = g_malloc(length + 1);
    must(fread(bytes, 1, length, stdin) == length, NULL);
    g_autoptr(GBytes) raw = g_bytes_new_take(bytes, length);
    add_message(fill, &fill->mailboxes[mailbox], bits, seconds, raw);
    return true;
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    struct fill fill = {0};
    must(argc == 6, NULL);
    struct keyring *keyring = keyring_load(argv[2], false, &error);
    must(keyring != NULL, error);
    const struct store_config config = {.directory = argv[1],
                                        .keyring = keyring,
                                        .read_words = sync_read_words};
    fill.store = store_open(&config, &error);
    must(fill.store != NULL, error);
    add_account(&fill, argv[3], argv[4], argv[5]);
    add_mailbox(&fill, 0, (char[]){"INBOX"}, MAIL_ROLE_INBOX);
    add_mailbox(&fill, 1, (char[]){"Archive"}, MAIL_ROLE_ARCHIVE);
    fill.gathered = store_batch_new(fill.store, fill.account);
    fill.written = store_batch_new(fill.store, fill.account);
    while (read_message(&fill))
        ;
    commit(&fill);
    must(store_batch_finish(fill.written, NULL, &error), error);
    store_batch_free(fill.gathered);
    store_batch_free(fill.written);
    store_close(fill.store);
    keyring_free(keyring);
    return 0;
}
