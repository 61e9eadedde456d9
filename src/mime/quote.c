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

/* Hebrew and Arabic lines come wrapped in marks of direction: U+200E, U+200F, U+202A to U+202E,
 * U+2066 to U+2069; Outlook and Apple put no-break spaces. */
static bool is_mark(const char *at)
{
    const unsigned char *u = (const unsigned char *)at;
    return u[0] == 0xe2 &&
           ((u[1] == 0x80 && (u[2] == 0x8e || u[2] == 0x8f || (u[2] >= 0xaa && u[2] <= 0xae))) ||
            (u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9));
}

static bool is_no_break_space(const char *at)
{
    return at[0] == '\xc2' && at[1] == '\xa0';
}

/* Bytes of blanks, marks of emphasis and of direction there; 0: none. */
static size_t padding_at(const char *at, const char *stop)
{
    if (g_ascii_isspace(*at) || *at == '*')
        return 1;
    if (stop - at >= 2 && is_no_break_space(at))
        return 2;
    return stop - at >= 3 && is_mark(at) ? 3 : 0;
}

static size_t padding_before(const char *at, const char *stop)
{
    if (g_ascii_isspace(stop[-1]) || stop[-1] == '*')
        return 1;
    if (stop - at >= 2 && is_no_break_space(stop - 2))
        return 2;
    return stop - at >= 3 && is_mark(stop - 3) ? 3 : 0;
}

static struct line line_at(const char *at)
{
    struct line line = {.start = at};
    size_t length = strcspn(at, "\n");
    line.end = at + length + (at[length] == '\n' ? 1 : 0);
    const char *stop = at + length;
    for (size_t skip; at < stop && (skip = padding_at(at, stop)) > 0;)
        at += skip;
    for (size_t skip; stop > at && (skip = padding_before(at, stop)) > 0;)
        stop -= skip;
    line.text = at;
    line.length = (size_t)(stop - at);
    return line;
}

static bool contains(const struct line *line, const char *word)
{
    return memmem(line->text, line->length, word, strlen(word)) != NULL;
}

static bool begins(const struct line *line, const char *words)
{
    return line->length >= strlen(words) && memcmp(line->text, words, strlen(words)) == 0;
}

/* Hebrew may do without a verb: "on … from …:". */
static bool says_wrote(const struct line *line)
{
    if (begins(line, "בתאריך") && contains(line, "מאת"))
        return true;
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
    static const char *const leads[] = {"On ",   "Am ",   "Le ",    "El ",    "Il ",   "Op ",
                                        "Em ",   "Den ",  "På ",    "W dniu", "Dnia ", "在",
                                        "于",    "於",    "בתאריך", "ב-",     "ב־",    "Il giorno",
                                        "Pe ",   "Dne ",  "Пн, ",   "Вт, ",   "Ср, ",  "Чт, ",
                                        "Пт, ",  "Сб, ",  "Нд, ",   "пн, ",   "вт, ",  "ср, ",
                                        "чт, ",  "пт, ",  "сб, ",   "нд, ",   "пн., ", "вт., ",
                                        "ср., ", "чт., ", "пт., ",  "сб., ",  "нд., "};
    for (size_t i = 0; i < G_N_ELEMENTS(leads); i++)
        if (begins(line, leads[i]))
            return true;
    return g_ascii_isdigit(line->text[0]) || (contains(line, "<") && contains(line, "@"));
}

/* "2016-03-03 17:21 GMT+01:00 Some One <some@one>:" */
static bool is_dated_address(const struct line *line)
{
    return line->length > 12 && g_ascii_isdigit(line->text[0]) && contains(line, "@") &&
           (line->text[4] == '-' || line->text[4] == '/') && contains(line, "<");
}

/* "2016-03-03 17:21 GMT+01:00 Some One", as Gmail wrote it. */
static bool is_dated_name(const struct line *line)
{
    static const char form[] = "0000-00-00 00:00 GMT";
    if (line->length <= strlen(form) + 7 || line->length > 120)
        return false;
    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == '0' ? !g_ascii_isdigit(line->text[i]) : form[i] != line->text[i])
            return false;
    return true;
}

/* Some mark what they quote with a bar; only believed behind a line that names who wrote it. */
static bool bars_follow(const char *at)
{
    for (int blanks = 0; *at != '\0' && blanks < 4; blanks++) {
        struct line line = line_at(at);
        if (line.length > 0)
            return *line.text == '|';
        at = line.end;
    }
    return false;
}

/* Outlook's Turkish and Hebrew attributions put the verb first or in the middle; all end in a
 * colon. */
static bool is_attribution(const char *at, const char **after)
{
    struct line first = line_at(at), joined = first;
    if (first.length == 0 || *first.text == '>')
        return false;
    if (is_dated_name(&first) || (is_dated_address(&first) && bars_follow(first.end))) {
        *after = first.end;
        return true;
    }
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
    return line->length >= 20 &&
           (strspn(line->text, "_") >= line->length || strspn(line->text, "-") >= line->length);
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

/* The end of what is quoted from `at` on, whose line it does not have to be the first of; NULL:
 * nothing is. */
static const char *quoted_until(const char *text, const char *at)
{
    struct line line = line_at(at);
    const char *after = NULL;
    if (line.length > 0 && *line.text == '>')
        return line.end;
    if (is_attribution(at, &after)) {
        /* who answers below starts with the attribution: what follows is the answer */
        bool rest = !marked_quote_follows(after) && !is_blank_before(text, at);
        return rest ? at + strlen(at) : after;
    }
    return rest_is_quoted(at) ? at + strlen(at) : NULL;
}

void quote_each(const char *text, quote_sink *sink, void *arg)
{
    for (const char *at = text; *at != '\0';) {
        const char *until = quoted_until(text, at);
        const char *end = until != NULL ? until : line_at(at).end;
        sink(until != NULL, at, end, arg);
        at = end;
    }
}

bool quote_starts(const char *text)
{
    return rest_is_quoted(text);
}

bool quote_attributes(const char *text)
{
    const char *after = NULL;
    return is_attribution(text, &after) && *after == '\0';
}

struct halves {
    GString *own, *quoted;
};

static void take_half(bool quoted, const char *from, const char *to, void *arg)
{
    const struct halves *halves = arg;
    GString *out = quoted ? halves->quoted : halves->own;
    if (out != NULL)
        g_string_append_len(out, from, to - from);
}

void quote_split(const char *text, GString *own, GString *quoted)
{
    struct halves halves = {own, quoted};
    if (own == quoted && own != NULL)
        g_string_append(own, text);
    else
        quote_each(text, take_half, &halves);
}

struct lines {
    GArray *quoted;
    unsigned at;
    bool any_own;
};

static void take_lines(bool quoted, const char *from, const char *to, void *arg)
{
    struct lines *lines = arg;
    unsigned count = 0;
    for (const char *p = from; p < to; p++) {
        count += *p == '\n' || p + 1 == to ? 1 : 0;
        lines->any_own |= !quoted && !g_ascii_isspace(*p);
    }
    guint known = lines->quoted->len;
    struct mime_lines *last =
        known > 0 ? &g_array_index(lines->quoted, struct mime_lines, known - 1) : NULL;
    struct mime_lines fresh = {lines->at, count};
    if (quoted && last != NULL && last->first + last->count == lines->at)
        last->count += count;
    else if (quoted)
        g_array_append_val(lines->quoted, fresh);
    lines->at += count;
}

GArray *mime_quoted_lines(const char *text)
{
    struct lines lines = {g_array_new(FALSE, FALSE, sizeof(struct mime_lines)), 0, false};
    quote_each(text, take_lines, &lines);
    if (!lines.any_own)
        g_array_set_size(lines.quoted, 0);
    return lines.quoted;
}
