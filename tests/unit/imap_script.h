/* A mail server that follows a script, on a thread at the other end of a socketpair. */
#ifndef POSTROOM_TESTS_IMAP_SCRIPT_H
#define POSTROOM_TESTS_IMAP_SCRIPT_H

#include "imap/client.h"

/* One line of a script: "C: line" is expected from the client, "S: line" is sent with CRLF,
 * "R: bytes" is sent as it is, "N: bytes" is expected without a line end, "X:" hangs up. The end of
 * the script hangs up when the client does. */
struct imap_script;

/* Starts the server; lines end with NULL. *fd is the client's end. */
struct imap_script *imap_script_start(const char *const *lines, int *fd);
/* A client that was greeted by the script. */
struct imap_client *imap_script_client(struct imap_script **script, const char *const *lines);
/* The same behind a loopback port, for one connection; returns the port. */
uint16_t imap_script_listen(struct imap_script **script, const char *const *lines);
/* Waits for the end; asserts that the client said what was expected. */
void imap_script_finish(struct imap_script *script);

#define CAPS(words) "S: * OK [CAPABILITY IMAP4rev1 " words "] ready"

/* What a verb told, and how it failed. */
struct imap_told {
    GString *out;
    GError *error;
};
/* Runs the verb against the script; it describes into the string what it got. */
struct imap_told imap_script_run(const char *const *lines,
                                 bool (*verb)(struct imap_client *, GString *, GError **));
/* These take what was told. */
void imap_told_is(struct imap_told told, const char *text);
void imap_told_failed(struct imap_told told, enum error_code code);

/* Describes what comes: fetched messages, and events as "<exists 4>". */
struct imap_recorder {
    GString *out;
    unsigned stop_after; /* messages; 0: never */
    unsigned count;
};
bool imap_recorder_fetched(const struct imap_fetched *fetched, void *recorder);
/* The recorder must live as long as the client, or until other events are set. */
void imap_recorder_listen(struct imap_client *client, struct imap_recorder *recorder);
/* imap_notify; the recorder must live as long as the client. */
bool imap_recorder_notify(struct imap_client *client, struct imap_recorder *recorder,
                          GError **error);

/* Describes what comes in sets: "7 9 [0] " for the UIDs of the first. */
struct imap_sets {
    GString *out;
    size_t stop_at; /* after this set no more are wanted */
};
bool imap_sets_fetched(const struct imap_fetched *fetched, void *sets);
bool imap_sets_done(size_t index, void *sets);

#endif
