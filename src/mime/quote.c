#include "mime/internal.h"

#include <string.h>

/* What stands before a quotation: a line (or two or three, when it was wrapped) that ends in a
 * colon, holds a digit or an address, and says in some language that somebody wrote. */
static const char *const wrote[] = {
    "wrote",      "schrieb",    "写道",    "寫道",
    "写信",       "yazdı",      "yazmış",  "пише",
    "написав",    "написала",   "написал", "пишет",
    "כתב",        "כתבה",       "a écrit", "escribió",
    "escribiste", "ha scritto", "schreef", "skrev",
    "napisał",    "napisała",   "pisze",   "escreveu",
    "kirjoitti",  "يكتب",       "كتب",     "het volgende geschreven",
    "geschreven", "napsal",     "a scris", "írta",
};

/* Words that name a field in the block Outlook and others put over what they quote. */
static const char *const from_words[] = {
    "from", "von", "发件人", "寄件者", "kimden", "gönderen", "від", "від кого",  "от",
    "מאת",  "de",  "da",     "van",    "från",   "fra",      "od",  "lähettäjä", "expéditeur",
};
static const char *const other_words[] = {
    "sent",
    "date",
    "to",
    "subject",
    "cc",
    "gesendet",
    "datum",
    "an",
    "betreff",
    "发送时间",
    "日期",
    "收件人",
    "主题",
    "抄送",
    "寄件日期",
    "收件者",
    "主旨",
    "gönderildi",
    "gönderme tarihi",
    "tarih",
    "kime",
    "konu",
    "надіслано",
    "дата",
    "кому",
    "тема",
    "копія",
    "відправлено",
    "отправлено",
    "נשלח",
    "אל",
    "נושא",
    "תאריך",
    "עותק",
    "envoyé",
    "à",
    "objet",
    "enviado",
    "enviado el",
    "para",
    "asunto",
    "assunto",
    "inviato",
    "a",
    "oggetto",
    "verzonden",
    "aan",
    "onderwerp",
    "skickat",
    "till",
    "ämne",
    "sendt",
    "til",
    "emne",
    "wysłano",
    "do",
    "temat",
    "reply-to",
    "data",
    "fecha",
    "sendt den",
};

struct line {
    const char *text; /* without blanks and marks of emphasis in front */
    size_t length;
    const char *start, *end; /* of the whole line; end behind its LF */
};

static struct line line_at(const char *at)
{
    struct line line = {.start = at};
    size_t length = strcspn(at, "\n");
    line.end = at + length + (at[length] == '\n' ? 1 : 0);
    const char *stop = at + length;
    while (at < stop && (g_ascii_isspace(*at) || *at == '*'))
        at++;
    while (stop > at && (g_ascii_isspace(stop[-1]) || stop[-1] == '*'))
        stop--;
    line.text = at;
    line.length = (size_t)(stop - at);
    return line;
}

static bool contains(const struct line *line, const char *word)
{
    return memmem(line->text, line->length, word, strlen(word)) != NULL;
}

static bool says_wrote(const struct line *line)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrote); i++)
        if (contains(line, wrote[i]))
            return true;
    return false;
}

static bool ends_in_colon(const struct line *line)
{
    return (line->length > 0 && line->text[line->length - 1] == ':') ||
           (line->length >= 3 && memcmp(line->text + line->length - 3, "：", 3) == 0);
}

static bool has_digit_or_address(const struct line *line)
{
    for (size_t i = 0; i < line->length; i++)
        if (g_ascii_isdigit(line->text[i]) || line->text[i] == '@')
            return true;
    return false;
}

/* How an attribution that was wrapped begins; without this, the end of the reply before it would be
 * taken for its first line. */
static bool starts_attribution(const struct line *line)
{
    static const char *const leads[] = {"On ",   "Am ", "Le ",       "El ",       "Il ",
                                        "Op ",   "Em ", "Den ",      "På ",       "W dniu",
                                        "Dnia ", "在",  "于",        "於",        "בתאריך",
                                        "ב-",    "Em ", "Il giorno", "tarihinde", "Pe ",
                                        "Dne "};
    for (size_t i = 0; i < G_N_ELEMENTS(leads); i++)
        if (leads[i][0] == line->text[0] && line->length >= strlen(leads[i]) &&
            memcmp(line->text, leads[i], strlen(leads[i])) == 0)
            return true;
    return g_ascii_isdigit(line->text[0]);
}

/* "2016-03-03 17:21 GMT+01:00 Some One <some@one>:" */
static bool is_dated_address(const struct line *line)
{
    return line->length > 12 && g_ascii_isdigit(line->text[0]) && contains(line, "@") &&
           (line->text[4] == '-' || line->text[4] == '/') && contains(line, "<");
}

/* Outlook's Turkish and Hebrew attributions put the verb first or in the middle; all end in a
 * colon. */
static bool is_attribution(const char *at, const char **after)
{
    struct line first = line_at(at), joined = first;
    if (first.length == 0 || *first.text == '>')
        return false;
    for (int lines = 1; lines <= 3; lines++) {
        if (joined.length > 400)
            return false;
        if (ends_in_colon(&joined)) {
            *after = joined.end;
            return has_digit_or_address(&joined) &&
                   (says_wrote(&joined) || is_dated_address(&joined));
        }
        struct line next = line_at(joined.end);
        bool tail = next.length == 2 && memcmp(next.text, ">:", 2) == 0;
        if (next.length == 0 || (*next.text == '>' && !tail) || !starts_attribution(&first))
            return false;
        joined.length = (size_t)(next.text + next.length - joined.text);
        joined.end = next.end;
    }
    return false;
}

/* "-----Original Message-----" in whatever language: dashes, few words, dashes. */
static bool is_separator(const struct line *line)
{
    size_t front = strspn(line->text, "-");
    if (front < 4 || front >= line->length || line->length > 120)
        return false;
    size_t back = 0;
    while (back < line->length - front && line->text[line->length - 1 - back] == '-')
        back++;
    return back >= 4 && front + back + 4 < line->length;
}

/* "From: …", "Von: …": the word before a colon is one of the table. */
static bool field_word(const struct line *line, const char *const *words, size_t count)
{
    const char *colon = memchr(line->text, ':', MIN(line->length, (size_t)48));
    const char *wide = memmem(line->text, MIN(line->length, (size_t)48), "：", 3);
    if (wide != NULL && (colon == NULL || wide < colon))
        colon = wide;
    if (colon == NULL)
        return false;
    size_t length = (size_t)(colon - line->text);
    while (length > 0 && (line->text[length - 1] == ' ' || line->text[length - 1] == '*'))
        length--;
    if (length == 0)
        return false;
    g_autofree char *word = g_utf8_strdown(line->text, (gssize)length);
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

bool quote_names_sender(const char *text)
{
    g_autofree char *with_colon = strpbrk(text, ":") == NULL ? g_strconcat(text, ":", NULL) : NULL;
    struct line line = line_at(with_colon != NULL ? with_colon : text);
    return field_word(&line, from_words, G_N_ELEMENTS(from_words));
}

static bool is_header_block(const char *at)
{
    struct line line = line_at(at);
    if (line.length == 0 || !field_word(&line, from_words, G_N_ELEMENTS(from_words)))
        return false;
    unsigned others = 0;
    for (int i = 0; i < 7 && *line.end != '\0' && others < 2; i++) {
        line = line_at(line.end);
        others += field_word(&line, other_words, G_N_ELEMENTS(other_words)) ? 1 : 0;
    }
    return others >= 2;
}

/* Behind an attribution: is what follows marked by ">"? Then only that is quoted; else all the
 * rest. */
static bool marked_quote_follows(const char *at)
{
    for (int blanks = 0; *at != '\0' && blanks < 4; blanks++) {
        struct line line = line_at(at);
        if (line.length > 0)
            return *line.text == '>';
        at = line.end;
    }
    return false;
}

static bool is_rule(const struct line *line)
{
    return line->length >= 20 && strspn(line->text, "_") >= line->length;
}

/* Where the rest of the mail is an older one: NULL when it does not start here. */
static bool rest_is_quoted(const char *at)
{
    struct line line = line_at(at);
    if (line.length == 0)
        return false;
    if (is_header_block(at))
        return true;
    if (is_rule(&line)) {
        while (*line.end != '\0' && line_at(line.end).length == 0)
            line = line_at(line.end);
        return is_header_block(line.end);
    }
    return is_separator(&line) && !contains(&line, "PGP") && !contains(&line, "BEGIN");
}

static bool is_blank_before(const char *text, const char *at)
{
    while (text < at && g_ascii_isspace(*text))
        text++;
    return text == at;
}

static void append_lines(GString *out, const char *from, const char *to)
{
    if (out != NULL && to > from)
        g_string_append_len(out, from, to - from);
}

void quote_split(const char *text, GString *own, GString *quoted)
{
    const char *at = text;
    if (own == quoted) {
        append_lines(own, text, text + strlen(text));
        return;
    }
    while (*at != '\0') {
        struct line line = line_at(at);
        const char *after = NULL;
        if (line.length > 0 && *line.text == '>') {
            append_lines(quoted, at, line.end);
            at = line.end;
        } else if (is_attribution(at, &after)) {
            /* who answers below starts with the attribution: what follows is the answer */
            bool rest = !marked_quote_follows(after) && !is_blank_before(text, at);
            append_lines(quoted, at, rest ? at + strlen(at) : after);
            at = rest ? at + strlen(at) : after;
        } else if (rest_is_quoted(at)) {
            append_lines(quoted, at, at + strlen(at));
            return;
        } else {
            append_lines(own, at, line.end);
            at = line.end;
        }
    }
}
