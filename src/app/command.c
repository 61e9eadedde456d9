#include "app/command.h"

#include "base/proxy.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

const struct command command_table[] = {
    {"user add", "EMAIL [--admin] [--password-file F]", "add a person who signs in",
     "admin password-file", 1, 1, false, false, command_user_add},
    {"user list", "[--json]", "list the people", "json", 0, 0, false, false, command_user_list},
    {"user passwd", "EMAIL [--password-file F]", "set a password; ends the person's sessions",
     "password-file", 1, 1, false, false, command_user_passwd},
    {"user remove", "EMAIL", "remove a person, and the mailboxes nobody else can reach", "", 1, 1,
     false, false, command_user_remove},
    {"provider set",
     "NAME --type microsoft|google --client-id ID --client-secret-file F [--tenant T] [--cloud C] "
     "[--authority URL] [--graph URL] [--imap HOST:PORT] [--smtp HOST:PORT] [--scope-prefix URL] "
     "[--ca-file F] [--secret-expires DATE] [--proxy URL|direct|default [--proxy-password-file F]]",
     "set up sign-in with a provider",
     "type client-id client-secret-file tenant cloud authority graph imap smtp scope-prefix "
     "ca-file secret-expires proxy proxy-password-file",
     1, 1, false, false, command_provider_set},
    {"provider list", "[--json]", "list the providers", "json", 0, 0, false, false,
     command_provider_list},
    {"provider test", "NAME [--json]",
     "try each step to a provider: names, TLS, client secret, IMAP, SMTP; nobody signs in", "json",
     1, 1, false, false, command_provider_test},
    {"provider remove", "NAME", "remove a provider that no mailbox uses", "", 1, 1, false, false,
     command_provider_remove},
    {"account add",
     "EMAIL --owner USER --imap URL --smtp URL --password-file F [--since DATE] [--ca-file F] "
     "[--proxy URL|direct [--proxy-password-file F]]",
     "link a mailbox by password",
     "owner imap smtp password-file since ca-file proxy proxy-password-file", 1, 1, false, false,
     command_account_add},
    {"account set", "EMAIL --proxy URL|direct|default [--proxy-password-file F]",
     "give a mailbox an outbound proxy of its own", "proxy proxy-password-file", 1, 1, false, false,
     command_account_set},
    {"account list", "[--json]", "list the linked mailboxes", "json", 0, 0, false, false,
     command_account_list},
    {"account status", "EMAIL [--json]", "state, counts and folders of a mailbox", "json", 1, 1,
     false, false, command_account_status},
    {"account remove", "EMAIL", "unlink a mailbox and remove everything of it", "", 1, 1, false,
     false, command_account_remove},
    {"sync", "[EMAIL...] [--full] [--json]", "one pass to the end", "full json", 0, -1, false,
     false, command_sync},
    {"search", "EMAIL QUERY [--limit N] [--json]", "search a mailbox", "limit json", 2, 2, false,
     false, command_search},
    {"export", "EMAIL --maildir DIR",
     "write a mailbox as a Maildir, byte for byte; again: what is new", "maildir", 1, 1, false,
     false, command_export},
    {"token create", "USER [--name N]", "make an API token; it is shown once", "name", 1, 1, false,
     false, command_token_create},
    {"token list", "[--json]", "list the API tokens", "json", 0, 0, false, false,
     command_token_list},
    {"token revoke", "ID", "revoke an API token", "", 1, 1, false, false, command_token_revoke},
    {"backup", "FILE|-", "write everything but the key file into one file; the server goes on", "",
     1, 1, false, false, command_backup},
    {"restore", "FILE [--replace]", "bring back a backup, with the server stopped", "replace", 1, 1,
     true, true, command_restore},
    {"doctor", "[--json]", "check config, data, clock, network, every provider and account", "json",
     0, 0, false, false, command_doctor},
    {"key rotate", "", "put a new key first in the key file and seal everything anew", "", 0, 0,
     true, false, command_key_rotate},
    {NULL, NULL, NULL, NULL, 0, 0, false, false, NULL},
};

struct parsed {
    const struct command *command;
    struct command_options options;
    gboolean help;
    char *config, *data;
    char **rest;
};

static const struct command *find(int argc, char **argv, int *words)
{
    for (const struct command *command = command_table; command->name != NULL; command++) {
        g_auto(GStrv) name = g_strsplit(command->name, " ", -1);
        int count = (int)g_strv_length(name);
        bool match = argc - 1 >= count;
        for (int i = 0; match && i < count; i++)
            match = strcmp(argv[1 + i], name[i]) == 0;
        if (match) {
            *words = count;
            return command;
        }
    }
    return NULL;
}

static bool takes(const struct command *command, const char *option)
{
    g_auto(GStrv) names = g_strsplit(command->options, " ", -1);
    return g_strv_contains((const char *const *)names, option);
}

static GOptionContext *option_context(struct parsed *parsed)
{
    struct command_options *o = &parsed->options;
    const GOptionEntry all[] = {
        {"admin", 0, 0, G_OPTION_ARG_NONE, &o->admin, "may set up providers", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o->json, "print JSON", NULL},
        {"full", 0, 0, G_OPTION_ARG_NONE, &o->full,
         "look at every message on the server, whatever its marks say", NULL},
        {"replace", 0, 0, G_OPTION_ARG_NONE, &o->replace,
         "also where there is data: it is kept in before-restore", NULL},
        {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &o->password_file,
         "file whose first line is the password", "F"},
        {"type", 0, 0, G_OPTION_ARG_STRING, &o->type, "microsoft or google", "TYPE"},
        {"client-id", 0, 0, G_OPTION_ARG_STRING, &o->client_id, "application (client) ID", "ID"},
        {"client-secret-file", 0, 0, G_OPTION_ARG_FILENAME, &o->client_secret_file,
         "file with the client secret's Value", "F"},
        {"tenant", 0, 0, G_OPTION_ARG_STRING, &o->tenant,
         "common, organizations, consumers, an id or a domain", "T"},
        {"cloud", 0, 0, G_OPTION_ARG_STRING, &o->cloud, "global, usgov, dod, china or custom", "C"},
        {"authority", 0, 0, G_OPTION_ARG_STRING, &o->authority, "sign-in service", "URL"},
        {"graph", 0, 0, G_OPTION_ARG_STRING, &o->graph, "Graph service", "URL"},
        {"imap", 0, 0, G_OPTION_ARG_STRING, &o->imap, "IMAP server", "ADDRESS"},
        {"smtp", 0, 0, G_OPTION_ARG_STRING, &o->smtp, "SMTP server", "ADDRESS"},
        {"scope-prefix", 0, 0, G_OPTION_ARG_STRING, &o->scope_prefix, "prefix of the mail scopes",
         "URL"},
        {"ca-file", 0, 0, G_OPTION_ARG_FILENAME, &o->ca_file, "PEM file of a private authority",
         "F"},
        {"secret-expires", 0, 0, G_OPTION_ARG_STRING, &o->secret_expires,
         "when the client secret expires", "DATE"},
        {"proxy", 0, 0, G_OPTION_ARG_STRING, &o->proxy,
         "http://[user@]host:port, socks5://[user@]host:port, direct, or default (the wider "
         "setting)",
         "URL"},
        {"proxy-password-file", 0, 0, G_OPTION_ARG_FILENAME, &o->proxy_password_file,
         "file whose first line is the proxy's password", "F"},
        {"owner", 0, 0, G_OPTION_ARG_STRING, &o->owner, "whose mailbox it is", "USER"},
        {"since", 0, 0, G_OPTION_ARG_STRING, &o->since, "start date, YYYY-MM-DD", "DATE"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &o->name, "what the token is for", "N"},
        {"maildir", 0, 0, G_OPTION_ARG_FILENAME, &o->maildir, "folder to write to", "DIR"},
        {"limit", 0, 0, G_OPTION_ARG_INT, &o->limit, "at most so many (default 20)", "N"},
    };
    const GOptionEntry common[] = {
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &parsed->config, "configuration file", "FILE"},
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &parsed->data, "data directory", "DIR"},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &parsed->help, "this help", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &parsed->rest, NULL, NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    GOptionEntry chosen[G_N_ELEMENTS(all) + 1] = {0};
    size_t count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (takes(parsed->command, all[i].long_name))
            chosen[count++] = all[i];
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, chosen, NULL);
    g_option_context_add_main_entries(context, common, NULL);
    return context;
}

static void parsed_clear(struct parsed *parsed)
{
    struct command_options *o = &parsed->options;
    char **texts[] = {&o->password_file,
                      &o->type,
                      &o->client_id,
                      &o->client_secret_file,
                      &o->tenant,
                      &o->authority,
                      &o->graph,
                      &o->imap,
                      &o->smtp,
                      &o->ca_file,
                      &o->owner,
                      &o->since,
                      &o->name,
                      &o->maildir,
                      &o->cloud,
                      &o->scope_prefix,
                      &o->secret_expires,
                      &o->proxy,
                      &o->proxy_password_file};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
    g_clear_pointer(&parsed->config, g_free);
    g_clear_pointer(&parsed->data, g_free);
    g_clear_pointer(&parsed->rest, g_strfreev);
}

static void print_usage(FILE *out, const struct command *command)
{
    fprintf(out, "usage: postroom %s %s\n\n%s\n", command->name, command->usage, command->summary);
}

/* 0: parsed; else the exit status is in *status. */
static bool parse(int argc, char **argv, struct parsed *parsed, FILE *out, FILE *err, int *status)
{
    int words = 0;
    *status = 2;
    parsed->options.limit = 20;
    parsed->command = find(argc, argv, &words);
    if (parsed->command == NULL) {
        fprintf(err, "postroom: %s is no command; run: postroom --help\n",
                argc > 1 ? argv[1] : "nothing");
        return false;
    }
    g_auto(GStrv) strings = g_new0(char *, (gsize)(argc - words) + 1);
    strings[0] = g_strdup(parsed->command->name);
    for (int i = 1 + words; i < argc; i++)
        strings[i - words] = g_strdup(argv[i]);
    GOptionContext *context = option_context(parsed);
    g_autoptr(GError) bad = NULL;
    bool ok = g_option_context_parse_strv(context, &strings, &bad);
    g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
    g_option_context_free(context);
    int count = parsed->rest != NULL ? (int)g_strv_length(parsed->rest) : 0;
    if (parsed->help) {
        print_usage(out, parsed->command);
        const char *options = strstr(help, "\n\n");
        fputs(options != NULL ? options + 1 : "", out);
        *status = 0;
        return false;
    }
    if (!ok)
        fprintf(err, "postroom %s: %s; usage: postroom %s %s\n", parsed->command->name,
                bad->message, parsed->command->name, parsed->command->usage);
    else if (count < parsed->command->args_min ||
             (parsed->command->args_max >= 0 && count > parsed->command->args_max))
        fprintf(err, "postroom %s: wrong number of arguments; usage: postroom %s %s\n",
                parsed->command->name, parsed->command->name, parsed->command->usage);
    else
        return true;
    return false;
}

bool command_is_unopened(int argc, char **argv)
{
    int words = 0;
    const struct command *command = find(argc, argv, &words);
    return command != NULL && command->unopened;
}

int command_check(int argc, char **argv, FILE *out, FILE *err)
{
    struct parsed parsed = {0};
    int status = 0;
    bool ok = parse(argc, argv, &parsed, out, err, &status);
    parsed_clear(&parsed);
    return ok ? -1 : status;
}

int command_run(struct command_call *call, int argc, char **argv)
{
    static char *none[] = {NULL};
    struct parsed parsed = {0};
    int status = 0;
    if (parse(argc, argv, &parsed, call->out, call->err, &status)) {
        call->args = parsed.rest != NULL ? parsed.rest : none;
        if (parsed.command->no_server && call->in_server) {
            fprintf(call->err, "postroom %s: stop the server first\n", parsed.command->name);
            status = 1;
        } else {
            status = parsed.command->run(call, &parsed.options);
        }
    }
    parsed_clear(&parsed);
    fflush(call->out);
    fflush(call->err);
    return status;
}

void command_print_help(FILE *out)
{
    fputs("Postroom: an email manager for teams.\n\nusage: postroom COMMAND [OPTIONS]; postroom "
          "COMMAND --help\n\n",
          out);
    fprintf(out, "  %-16s %s\n", "serve", "run the server");
    for (const struct command *command = command_table; command->name != NULL; command++)
        fprintf(out, "  %-16s %s\n", command->name, command->summary);
    fputs("\nEvery command takes --config FILE and --data DIR. See docs/configuration.md.\n", out);
}

void command_print(FILE *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c != '\n' && g_unichar_iscntrl(c))
            fputc('?', to);
        else
            fwrite(at, 1, (size_t)(g_utf8_next_char(at) - at), to);
    }
}

char *command_problem(const char *problem, const char *detail)
{
    if (detail == NULL)
        return g_strdup_printf("%s %s", error_title(problem), error_action(problem));
    return g_strdup_printf("%s %s (%s)", error_title(problem), error_action(problem), detail);
}

int command_fail(struct command_call *call, const GError *error)
{
    static const enum error_code plain[] = {ERROR_INTERNAL, ERROR_INVALID, ERROR_NOT_FOUND,
                                            ERROR_CONFLICT};
    bool says_it_itself = error == NULL || error->domain != POSTROOM_ERROR;
    for (size_t i = 0; i < G_N_ELEMENTS(plain) && !says_it_itself; i++)
        says_it_itself = error_is(error, plain[i]);
    if (says_it_itself)
        command_print(call->err, "postroom: %s\n", error != NULL ? error->message : "failed");
    else
        command_print(call->err, "postroom: %s %s (%s)\n", error_cause(error),
                      error_next_step(error), error->message);
    return 1;
}

void command_print_json(struct command_call *call, json_t *value)
{
    json_dumpf(value, call->out, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', call->out);
    json_decref(value);
}

char *command_path(const struct command_call *call, const char *name)
{
    return g_canonicalize_filename(name, call->directory);
}

static char *read_line(FILE *in, bool hide)
{
    struct termios before;
    bool terminal = hide && tcgetattr(fileno(in), &before) == 0;
    if (terminal) {
        struct termios silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(fileno(in), TCSAFLUSH, &silent);
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, in);
    if (terminal)
        tcsetattr(fileno(in), TCSAFLUSH, &before);
    if (length > 0)
        line[strcspn(line, "\r\n")] = '\0';
    if (length > 0 && *line != '\0')
        return line;
    free(line);
    return NULL;
}

struct secret *command_secret(struct command_call *call, const char *file, const char *prompt,
                              GError **error)
{
    if (file != NULL) {
        g_autofree char *path = command_path(call, file);
        return secret_read_file(path, error);
    }
    bool terminal = isatty(fileno(call->in));
    if (terminal) {
        fprintf(call->err, "%s: ", prompt);
        fflush(call->err);
    }
    char *line = read_line(call->in, terminal);
    if (terminal)
        fputc('\n', call->err);
    if (line == NULL) {
        error_set(error, ERROR_INVALID,
                  "no password given; type it, pipe it, or give it with --password-file");
        return NULL;
    }
    struct secret *secret = secret_new(line, strlen(line));
    explicit_bzero(line, strlen(line));
    free(line);
    return secret;
}

bool command_proxy(struct command_call *call, const struct command_options *options,
                   const char **address, struct secret **password, GError **error)
{
    bool wider = g_strcmp0(options->proxy, "default") == 0;
    *address = wider ? NULL : options->proxy;
    *password = NULL;
    if (*address != NULL && !proxy_setting_check(*address, error))
        return false;
    if (options->proxy_password_file == NULL)
        return true;
    if (options->proxy == NULL || wider || strchr(options->proxy, '@') == NULL) {
        error_set(error, ERROR_INVALID,
                  "--proxy-password-file needs --proxy with a user name: http://user@host:port");
        return false;
    }
    g_autofree char *path = command_path(call, options->proxy_password_file);
    *password = secret_read_file(path, error);
    return *password != NULL;
}
