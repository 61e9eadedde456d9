/* What the mails of notices.c say, in all languages of the page. */
#ifndef POSTROOM_APP_NOTICE_TEXTS_H
#define POSTROOM_APP_NOTICE_TEXTS_H

enum notice_kind { NOTICE_INVITE, NOTICE_RESET, NOTICE_EXPIRES, NOTICE_EXPIRED, NOTICE_SECOND };

struct notice_text {
    const char *subject;
    const char *body; /* $1: an address or a date; $2: a link */
};
/* English when the language is none of ours, or NULL. Static. */
const struct notice_text *notice_text(enum notice_kind kind, const char *language);

#endif
