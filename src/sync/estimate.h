/* How much mail a mailbox has since a day: counted by the server, sizes sampled. Only src/sync
 * includes this. */
#ifndef POSTROOM_SYNC_ESTIMATE_H
#define POSTROOM_SYNC_ESTIMATE_H

#include "imap/client.h"

struct estimate {
    uint64_t messages, bytes;
    unsigned folders; /* that were looked at */
    bool complete;    /* false: there was no time for all of them */
    bool sampled;     /* bytes is extrapolated */
};
/* listed: of imap_list_status, those that hold mail. Selects folders, read-only. Folders that the
 * server refuses are left out (complete is false then). False when the connection failed. */
bool estimate_make(struct imap_client *imap, const GPtrArray *listed, int64_t since,
                   int64_t deadline, struct estimate *estimate, GError **error);

#endif
