/* The model's connections: one thread, poll, commands as they are complete. */
#include "model.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct model_server {
    pthread_t thread;
    pthread_mutex_t mutex;
    int listener, wake;
    uint16_t port;
    GPtrArray *connections; /* the thread's; others look only with the mutex */
    GHashTable *models;     /* login -> struct model */
    bool stopping, dead;
    struct model_death death;
    unsigned mutations, commands;
    model_died_fn *died;
    void *died_arg;
    model_between_fn *between;
    void *between_arg;
};

static void connection_free(gpointer pointer)
{
    struct model_connection *c = pointer;
    close(c->fd);
    g_string_free(c->in, TRUE);
    g_string_free(c->out, TRUE);
    g_array_unref(c->view);
    g_clear_pointer(&c->told, g_hash_table_unref);
    g_free(c->idle_tag);
    g_free(c);
}

/* --- who may do what */

static const char *const capability_lines[MODEL_PROFILES] = {
    [MODEL_EXCHANGE] =
        "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT"
        " CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE"
        " NAMESPACE LITERAL+",
    [MODEL_QRESYNC] =
        "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR LITERAL+ ID ENABLE IDLE NAMESPACE UIDPLUS MOVE"
        " CONDSTORE QRESYNC SPECIAL-USE LIST-EXTENDED LIST-STATUS ESEARCH CHILDREN"
        " UNSELECT",
    [MODEL_OBJECTID] =
        "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR LITERAL+ ID ENABLE IDLE NAMESPACE UIDPLUS MOVE"
        " CONDSTORE QRESYNC SPECIAL-USE LIST-EXTENDED LIST-STATUS ESEARCH CHILDREN"
        " UNSELECT OBJECTID",
    [MODEL_PLAIN] = "IMAP4rev1 AUTH=PLAIN",
};

bool model_has(const struct model *model, const char *capability)
{
    g_auto(GStrv) words = g_strsplit(capability_lines[model->profile], " ", -1);
    return g_strv_contains((const char *const *)words, capability) ||
           (model->more != NULL && strcmp(model->more + 1, capability) == 0);
}

static const char *sign_in(struct model_connection *c, const char *login)
{
    c->model = login != NULL ? g_hash_table_lookup(c->server->models, login) : NULL;
    if (c->model == NULL)
        return "NO AUTHENTICATE failed.";
    c->model->counts.logins++;
    unsigned at_once = 0;
    for (guint i = 0; i < c->server->connections->len; i++) {
        const struct model_connection *other = c->server->connections->pdata[i];
        at_once += other->model == c->model && !other->closing;
    }
    c->model->counts.most_at_once = MAX(c->model->counts.most_at_once, at_once);
    return "OK AUTHENTICATE completed.";
}

static const char *sasl_plain(struct model_connection *c, const char *base64)
{
    gsize length;
    g_autofree guchar *plain = g_base64_decode(base64, &length);
    const guchar *login = memchr(plain, '\0', length);
    return sign_in(c, login != NULL ? (const char *)login + 1 : NULL);
}

static const char *verb_authenticate(struct model_connection *c, struct model_command *command)
{
    const char *initial = model_next(command);
    if (initial != NULL)
        return sasl_plain(c, initial);
    g_string_append(c->out, "+ \r\n");
    c->asked_sasl = true;
    g_free(c->idle_tag);
    c->idle_tag = g_strdup(command->tag);
    return NULL;
}

/* "user=LOGIN^Aauth=Bearer TOKEN^A^A" */
static const char *verb_xoauth2(struct model_connection *c, struct model_command *command)
{
    gsize length;
    const char *initial = model_next(command);
    g_autofree char *plain = (char *)g_base64_decode(initial != NULL ? initial : "", &length);
    g_autofree char *login = g_strndup(plain, strcspn(plain, "\001"));
    bool known = length > 0 && g_str_has_prefix(login, "user=");
    return sign_in(c, known ? login + strlen("user=") : NULL);
}

static const char *verb_login(struct model_connection *c, struct model_command *command)
{
    return sign_in(c, model_next(command));
}

static const char *verb_capability(struct model_connection *c, struct model_command *command)
{
    (void)command;
    /* Before anybody signed in: what the only mailbox has, or what all have. */
    const struct model *model = c->model;
    GHashTableIter iter;
    gpointer only = NULL;
    g_hash_table_iter_init(&iter, c->server->models);
    if (model == NULL && g_hash_table_size(c->server->models) == 1 &&
        g_hash_table_iter_next(&iter, NULL, &only))
        model = only;
    g_string_append_printf(c->out, "* CAPABILITY %s%s\r\n",
                           capability_lines[model != NULL ? model->profile : MODEL_PLAIN],
                           model != NULL && model->more != NULL ? model->more : "");
    return "OK done";
}

static const char *verb_ok(struct model_connection *c, struct model_command *command)
{
    (void)c;
    (void)command;
    return "OK done";
}

static const char *verb_id(struct model_connection *c, struct model_command *command)
{
    (void)command;
    g_string_append(c->out, "* ID (\"name\" \"model\")\r\n");
    return "OK done";
}

static const char *verb_namespace(struct model_connection *c, struct model_command *command)
{
    (void)command;
    g_string_append(c->out, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
    return "OK done";
}

static const char *verb_enable(struct model_connection *c, struct model_command *command)
{
    g_string_append(c->out, "* ENABLED");
    for (const char *word = model_next(command); word != NULL; word = model_next(command)) {
        if (g_ascii_strcasecmp(word, "QRESYNC") == 0 && model_has(c->model, "QRESYNC"))
            c->qresync = c->condstore = true;
        else if (g_ascii_strcasecmp(word, "CONDSTORE") == 0 && model_has(c->model, "CONDSTORE"))
            c->condstore = true;
        else
            continue;
        g_string_append_printf(c->out, " %s", word);
    }
    g_string_append(c->out, "\r\n");
    return "OK done";
}

static const char *verb_logout(struct model_connection *c, struct model_command *command)
{
    (void)command;
    g_string_append(c->out, "* BYE see you\r\n");
    c->closing = true;
    return "OK done";
}

static const char *verb_unselect(struct model_connection *c, struct model_command *command)
{
    (void)command;
    c->selected = NULL;
    return "OK done";
}

static const char *verb_idle(struct model_connection *c, struct model_command *command)
{
    c->idling = true;
    g_free(c->idle_tag);
    c->idle_tag = g_strdup(command->tag);
    g_string_append(c->out, "+ idling\r\n");
    return NULL;
}

/* --- commands */

static const struct {
    const char *name;
    model_verb_fn *fn;
    const char *needs; /* a capability */
    bool mutates, signed_in, selected;
} verbs[] = {
    {"CAPABILITY", verb_capability, NULL, false, false, false},
    {"NOOP", verb_ok, NULL, false, false, false},
    {"LOGOUT", verb_logout, NULL, false, false, false},
    {"LOGIN", verb_login, NULL, false, false, false},
    {"AUTHENTICATE PLAIN", verb_authenticate, NULL, false, false, false},
    {"AUTHENTICATE XOAUTH2", verb_xoauth2, NULL, false, false, false},
    {"ID", verb_id, "ID", false, false, false},
    {"ENABLE", verb_enable, "ENABLE", false, true, false},
    {"NAMESPACE", verb_namespace, "NAMESPACE", false, true, false},
    {"LIST", model_verb_list, NULL, false, true, false},
    {"LSUB", model_verb_lsub, NULL, false, true, false},
    {"STATUS", model_verb_status, NULL, false, true, false},
    {"SELECT", model_verb_select, NULL, false, true, false},
    {"EXAMINE", model_verb_examine, NULL, false, true, false},
    {"UNSELECT", verb_unselect, "UNSELECT", false, true, true},
    {"CHECK", verb_ok, NULL, false, true, true},
    {"IDLE", verb_idle, "IDLE", false, true, false},
    {"NOTIFY", model_verb_notify, "NOTIFY", false, true, false},
    {"GETQUOTAROOT", model_verb_getquotaroot, "QUOTA", false, true, false},
    {"UID FETCH", model_verb_fetch, NULL, false, true, true},
    {"UID SEARCH", model_verb_search, NULL, false, true, true},
    {"UID STORE", model_verb_store, NULL, true, true, true},
    {"UID COPY", model_verb_copy, NULL, true, true, true},
    {"UID MOVE", model_verb_move, "MOVE", true, true, true},
    {"UID EXPUNGE", model_verb_expunge, "UIDPLUS", true, true, true},
    {"EXPUNGE", model_verb_expunge, NULL, true, true, true},
    {"APPEND", model_verb_append, NULL, true, true, false},
    {"CREATE", model_verb_create, NULL, true, true, false},
    {"DELETE", model_verb_delete, NULL, true, true, false},
    {"RENAME", model_verb_rename, NULL, true, true, false},
    {"SUBSCRIBE", model_verb_subscribe, NULL, true, true, false},
    {"UNSUBSCRIBE", model_verb_unsubscribe, NULL, true, true, false},
};

static int find_verb(const struct model_connection *c, const struct model_command *command)
{
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (strcmp(verbs[i].name, command->name) != 0)
            continue;
        bool may =
            (!verbs[i].signed_in || c->model != NULL) &&
            (!verbs[i].selected || c->selected != NULL) &&
            (verbs[i].needs == NULL || (c->model != NULL && model_has(c->model, verbs[i].needs)));
        return may ? (int)i : -1;
    }
    return -1;
}

static void die(struct model_server *server, struct model_connection *c)
{
    if (server->death.cut) {
        c->closing = true;
        server->death = (struct model_death){0};
    } else {
        server->dead = true;
    }
    g_string_truncate(c->out, 0);
    if (server->died != NULL)
        server->died(server->died_arg);
}

static bool dies_now(struct model_server *server, bool mutates, bool after)
{
    const struct model_death *death = &server->death;
    return death->after == after &&
           ((mutates && death->mutation == server->mutations) ||
            death->command == server->commands) &&
           (death->mutation != 0 || death->command != 0);
}

static void answer(struct model_connection *c, const struct model_command *command,
                   const char *reply)
{
    if (reply != NULL)
        g_string_append_printf(c->out, "%s %s\r\n", command->tag, reply);
}

static void obey_rule(struct model_connection *c, const struct model_command *command,
                      const char *reply)
{
    if (*reply == '!') {
        g_string_append_printf(c->out, "%s\r\n", reply + 1);
        c->closing = true;
        return;
    }
    answer(c, command, *reply != '\0' ? reply : "OK completed");
}

/* A folder that somebody deleted or renewed is selected no longer. */
static void check_selected(struct model_connection *c)
{
    if (c->selected == NULL || g_ptr_array_find(c->model->folders, c->selected, NULL))
        return;
    c->selected = NULL;
}

static void run(struct model_connection *c, struct model_command *command)
{
    struct model_server *server = c->server;
    if (c->model != NULL)
        model_late_take(c->model);
    check_selected(c);
    int verb = find_verb(c, command);
    const char *rule = c->model != NULL ? model_refusal(c->model, command->name) : NULL;
    bool mutates = verb >= 0 && verbs[verb].mutates && rule == NULL;
    server->commands++;
    server->mutations += mutates;
    if (c->model != NULL) {
        c->model->counts.commands++;
        c->model->counts.mutations += mutates;
    }
    if (dies_now(server, mutates, false)) {
        die(server, c);
        return;
    }
    if (rule != NULL && g_str_has_prefix(rule, "late") && verb >= 0) {
        model_late_keep(c, verbs[verb].fn);
        c->closing = true;
    } else if (rule != NULL)
        obey_rule(c, command, rule);
    else if (verb < 0)
        answer(c, command, "BAD Command Argument Error. 11");
    else {
        const char *reply = verbs[verb].fn(c, command);
        if (reply != NULL && c->model != NULL)
            model_tell_all(c);
        answer(c, command, reply);
    }
    if (dies_now(server, mutates, true))
        die(server, c);
}

/* A line that is no command: DONE, or the answer to a challenge. */
static bool take_line(struct model_connection *c, gsize length)
{
    if (!c->idling && !c->asked_sasl)
        return false;
    g_autofree char *line = g_strstrip(g_strndup(c->in->str, length));
    const char *reply = "OK IDLE completed";
    if (c->asked_sasl)
        reply = sasl_plain(c, line);
    else if (g_ascii_strcasecmp(line, "DONE") != 0)
        reply = "BAD DONE was expected";
    g_string_append_printf(c->out, "%s %s\r\n", c->idle_tag, reply);
    c->idling = c->asked_sasl = false;
    return true;
}

static void serve_input(struct model_connection *c)
{
    struct model_server *server = c->server;
    while (!c->closing && !server->dead) {
        gsize length = model_command_end(c);
        if (length == 0)
            return;
        if (!take_line(c, length)) {
            struct model_command command;
            model_command_read(c, length, &command);
            if (server->between != NULL) {
                g_autofree char *line = g_strndup(c->in->str, strcspn(c->in->str, "\r\n"));
                pthread_mutex_unlock(&server->mutex);
                server->between(server->between_arg, line + strcspn(line, " "));
                pthread_mutex_lock(&server->mutex);
            }
            run(c, &command);
            model_command_clear(&command);
        }
        g_string_erase(c->in, 0, (gssize)length);
        c->continued = 0;
    }
}

/* --- the thread */

static void accept_one(struct model_server *server)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (server->dead) {
        close(fd);
        return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct model_connection *c = g_new0(struct model_connection, 1);
    c->server = server;
    c->fd = fd;
    c->in = g_string_new(NULL);
    c->out = g_string_new("* OK The model is ready.\r\n");
    c->view = g_array_new(FALSE, FALSE, sizeof(struct model_view));
    g_ptr_array_add(server->connections, c);
}

/* False: the client is gone. */
static bool read_some(struct model_connection *c)
{
    char buffer[16384];
    ssize_t n = read(c->fd, buffer, sizeof buffer);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        return false;
    if (n > 0) {
        g_string_append_len(c->in, buffer, n);
        serve_input(c);
    }
    return true;
}

static bool write_some(struct model_connection *c)
{
    while (c->out->len > 0) {
        ssize_t n = send(c->fd, c->out->str, c->out->len, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN;
        g_string_erase(c->out, 0, n);
    }
    return true;
}

static void serve_one(struct model_server *server, struct model_connection *c, short events)
{
    bool good = (events & (POLLIN | POLLHUP | POLLERR)) == 0 || read_some(c);
    if (good && c->idling && c->model != NULL) {
        check_selected(c);
        model_tell_all(c);
    }
    good = good && !server->dead && write_some(c);
    if (!good || (c->closing && c->out->len == 0))
        g_ptr_array_remove(server->connections, c);
}

static void turn(struct model_server *server)
{
    g_autoptr(GArray) polls = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    struct pollfd first[] = {{server->listener, POLLIN, 0}, {server->wake, POLLIN, 0}};
    g_array_append_vals(polls, first, 2);
    for (guint i = 0; i < server->connections->len; i++) {
        struct model_connection *c = server->connections->pdata[i];
        struct pollfd one = {c->fd, c->out->len > 0 ? POLLIN | POLLOUT : POLLIN, 0};
        g_array_append_val(polls, one);
    }
    guint known = server->connections->len;
    pthread_mutex_unlock(&server->mutex);
    poll((struct pollfd *)(void *)polls->data, polls->len, -1);
    pthread_mutex_lock(&server->mutex);
    const struct pollfd *fds = (const struct pollfd *)(const void *)polls->data;
    uint64_t drained;
    if (fds[1].revents != 0 && read(server->wake, &drained, sizeof drained) < 0)
        return;
    for (guint i = known; i > 0; i--)
        serve_one(server, server->connections->pdata[i - 1], fds[i + 1].revents);
    if (server->dead)
        g_ptr_array_set_size(server->connections, 0);
    if (fds[0].revents != 0)
        accept_one(server);
}

static void *serve(void *arg)
{
    struct model_server *server = arg;
    pthread_mutex_lock(&server->mutex);
    while (!server->stopping)
        turn(server);
    pthread_mutex_unlock(&server->mutex);
    return NULL;
}

static void wake(struct model_server *server)
{
    uint64_t one = 1;
    if (write(server->wake, &one, sizeof one) < 0)
        return;
}

struct model_server *model_server_start(void)
{
    struct model_server *server = g_new0(struct model_server, 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    server->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bind(server->listener, (struct sockaddr *)&address, length) != 0 ||
        listen(server->listener, 1024) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &length) != 0)
        g_error("the model cannot listen: %s", g_strerror(errno));
    server->port = ntohs(address.sin_port);
    server->connections = g_ptr_array_new_with_free_func(connection_free);
    server->models =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)model_free);
    pthread_mutex_init(&server->mutex, NULL);
    pthread_create(&server->thread, NULL, serve, server);
    return server;
}

void model_server_stop(struct model_server *server)
{
    pthread_mutex_lock(&server->mutex);
    server->stopping = true;
    pthread_mutex_unlock(&server->mutex);
    wake(server);
    pthread_join(server->thread, NULL);
    g_ptr_array_unref(server->connections);
    g_hash_table_unref(server->models);
    close(server->listener);
    close(server->wake);
    pthread_mutex_destroy(&server->mutex);
    g_free(server);
}

uint16_t model_server_port(const struct model_server *server)
{
    return server->port;
}

struct model *model_server_add(struct model_server *server, const char *login,
                               enum model_profile profile)
{
    struct model *model = model_new(profile);
    pthread_mutex_lock(&server->mutex);
    model->server = server;
    const struct model *old = g_hash_table_lookup(server->models, login);
    for (guint i = 0; i < server->connections->len; i++) {
        struct model_connection *c = server->connections->pdata[i];
        if (old == NULL || c->model != old)
            continue;
        c->model = NULL;
        c->selected = NULL;
        c->idling = false;
        c->closing = true;
        shutdown(c->fd, SHUT_RDWR);
    }
    g_hash_table_replace(server->models, g_strdup(login), model);
    pthread_mutex_unlock(&server->mutex);
    return model;
}

void model_server_arm(struct model_server *server, const struct model_death *death,
                      model_died_fn *died, void *arg)
{
    pthread_mutex_lock(&server->mutex);
    server->death = *death;
    server->died = died;
    server->died_arg = arg;
    server->mutations = server->commands = 0;
    server->dead = false;
    pthread_mutex_unlock(&server->mutex);
}

static void cut(struct model_server *server)
{
    for (guint i = 0; i < server->connections->len; i++)
        shutdown(((struct model_connection *)server->connections->pdata[i])->fd, SHUT_RDWR);
}

void model_server_die(struct model_server *server)
{
    pthread_mutex_lock(&server->mutex);
    server->dead = true;
    cut(server);
    pthread_mutex_unlock(&server->mutex);
    wake(server);
}

void model_server_cut(struct model_server *server)
{
    pthread_mutex_lock(&server->mutex);
    cut(server);
    pthread_mutex_unlock(&server->mutex);
}

bool model_server_is_dead(struct model_server *server)
{
    pthread_mutex_lock(&server->mutex);
    bool dead = server->dead;
    pthread_mutex_unlock(&server->mutex);
    return dead;
}

void model_server_between(struct model_server *server, model_between_fn *fn, void *arg)
{
    pthread_mutex_lock(&server->mutex);
    server->between = fn;
    server->between_arg = arg;
    pthread_mutex_unlock(&server->mutex);
}

void model_lock(struct model *model)
{
    pthread_mutex_lock(&model->server->mutex);
}

void model_unlock(struct model *model)
{
    pthread_mutex_unlock(&model->server->mutex);
    wake(model->server);
}
